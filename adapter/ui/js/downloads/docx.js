// A transcript as a document for word processors (Office Open XML, ECMA-376 part 1).

import { clock } from "../texts.js";
import { told } from "./text.js";
import { zip } from "./zip.js";

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OOXML = "http://schemas.openxmlformats.org";
const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml";

const TYPES = `${HEAD}<Types xmlns="${OOXML}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="${WORD}.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="${WORD}.styles+xml"/></Types>`;

const RELATIONS = (type, target) =>
  `${HEAD}<Relationships xmlns="${OOXML}/package/2006/relationships"><Relationship Id="rId1" Type="${OOXML}/officeDocument/2006/relationships/${type}" Target="${target}"/></Relationships>`;

const STYLE = (id, name, paragraph, run) =>
  `<w:style w:type="paragraph" w:styleId="${id}"${id === "Normal" ? ' w:default="1"' : ""}><w:name w:val="${name}"/>${id === "Normal" ? "" : '<w:basedOn w:val="Normal"/>'}<w:qFormat/><w:pPr>${paragraph}</w:pPr><w:rPr>${run}</w:rPr></w:style>`;

const STYLES = `${HEAD}<w:styles xmlns:w="${OOXML}/wordprocessingml/2006/main">${
  STYLE("Normal", "Normal", '<w:spacing w:after="160" w:line="288" w:lineRule="auto"/>', '<w:sz w:val="22"/>')
}${STYLE("Title", "Title", '<w:spacing w:after="320"/>', '<w:sz w:val="36"/>')
}${STYLE("Speaker", "Speaker", '<w:keepNext/><w:spacing w:before="160" w:after="20"/>', "<w:b/>")}</w:styles>`;

/** @returns {Uint8Array} the file. */
export function asDocx(transcript, title) {
  const body = told(transcript).flatMap(({ named, start, text }) => [
    paragraph("Speaker", named === null ? clock(start) : `${named}  ${clock(start)}`),
    paragraph("Normal", text),
  ]);
  const document = `${HEAD}<w:document xmlns:w="${OOXML}/wordprocessingml/2006/main"><w:body>${
    paragraph("Title", title)}${body.join("")}</w:body></w:document>`;
  return zip({
    "[Content_Types].xml": TYPES,
    "_rels/.rels": RELATIONS("officeDocument", "word/document.xml"),
    "word/document.xml": document,
    "word/styles.xml": STYLES,
    "word/_rels/document.xml.rels": RELATIONS("styles", "styles.xml"),
  });
}

function paragraph(style, text) {
  return `<w:p><w:pPr><w:pStyle w:val="${style}"/></w:pPr><w:r><w:t xml:space="preserve">${escaped(text)}</w:t></w:r></w:p>`;
}

/** Text as XML takes it, which has no control characters and no halves of pairs. */
function escaped(text) {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}
