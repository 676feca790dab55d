"""What the API's own pages say of keys, where the service wants them."""

from fastapi import FastAPI

from adapter.auth import OPEN

Schema = dict[str, object]

# Any one of them will do.
SECURITY_SCHEMES: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key of API_KEY"},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "a key of API_KEY",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "a key of API_KEY as the password; the user name may be anything",
    },
}
REFUSED: Schema = {
    "description": "The API key is missing or invalid",
    "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["detail"],
                "properties": {"detail": {"type": "string"}},
            }
        }
    },
}


def declare_keys(app: FastAPI) -> None:
    """Have the OpenAPI document say that this application wants a key, and how it is sent."""
    generate = app.openapi

    def openapi() -> Schema:
        document = generate()
        document["components"] = {
            **document.get("components", {}),
            "securitySchemes": SECURITY_SCHEMES,
        }
        document["security"] = [{name: []} for name in SECURITY_SCHEMES]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                if path in OPEN:
                    operation["security"] = []
                else:
                    operation["responses"].setdefault("401", REFUSED)
        return document

    app.openapi = openapi
