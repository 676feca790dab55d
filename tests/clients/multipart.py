"""Multipart bodies written by hand, so that they can be wrong as well."""

BOUNDARY = "hostile-boundary"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def file_part(
    content: bytes,
    filename: str | None = "recording.wav",
    name: str = "audio_file",
    content_type: str = "application/octet-stream",
) -> bytes:
    """One part; names are escaped as browsers escape them, everything else is left in."""
    disposition = f'form-data; name="{name}"'
    if filename is not None:
        escaped = filename.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
        disposition += f'; filename="{escaped}"'
    head = (
        f"\r\n--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n"
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content


def body(*parts: bytes) -> bytes:
    """The whole of it."""
    return b"".join(parts)[2:] + END
