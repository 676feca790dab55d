"""A transcript as a document of Word: a ZIP of a few XML files (ECMA-376, part 1)."""

import io
import re
import zipfile
from html import escape

from client.text import clock, turns
from documents import Transcript

# What XML 1.0 cannot hold, not even escaped.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAMESPACE = "http://schemas.openxmlformats.org"
WORD = f"{NAMESPACE}/wordprocessingml/2006/main"
HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same transcript is the same file, whenever it is written
PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{NAMESPACE}/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{KIND}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{KIND}.styles+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{NAMESPACE}/package/2006/relationships">'
        f'<Relationship Id="document" Target="word/document.xml" '
        f'Type="{NAMESPACE}/officeDocument/2006/relationships/officeDocument"/>'
        "</Relationships>"
    ),
    "word/_rels/document.xml.rels": (
        f'<Relationships xmlns="{NAMESPACE}/package/2006/relationships">'
        f'<Relationship Id="styles" Target="styles.xml" '
        f'Type="{NAMESPACE}/officeDocument/2006/relationships/styles"/>'
        "</Relationships>"
    ),
    "word/styles.xml": (
        f'<w:styles xmlns:w="{WORD}"><w:docDefaults>'
        '<w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/>'
        '<w:sz w:val="22"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault>'
        "</w:docDefaults>"
        '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/>'
        '<w:rPr><w:b/><w:sz w:val="32"/></w:rPr></w:style>'
        "</w:styles>"
    ),
}


def as_docx(transcript: Transcript, title: str) -> bytes:
    """The document: a title, and a paragraph for each turn, with its time and its speaker."""
    body = [f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr>{_run(title)}</w:p>']
    for turn in turns(transcript):
        runs = _run(f"{clock(turn.start)}  ", '<w:color w:val="808080"/>')
        if turn.speaker:
            runs += _run(f"{turn.speaker}: ", "<w:b/>")
        body.append(f"<w:p>{runs}{_run(turn.text)}</w:p>")
    document = f'<w:document xmlns:w="{WORD}"><w:body>{"".join(body)}</w:body></w:document>'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in {**PARTS, "word/document.xml": document}.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, (HEADER + part).encode())
    return content.getvalue()


def _run(text: str, properties: str = "") -> str:
    shown = escape(NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text), quote=False)
    marked = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{marked}<w:t xml:space="preserve">{shown}</w:t></w:r>'
