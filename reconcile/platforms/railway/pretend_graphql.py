"""GraphQL as Railway answers it: graphql-core parses, validates and executes; errors come in Railway's envelope."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ...model.pretend import Thing, Told
from .pretend_config import wrong
from .pretend_estate import Estate, Refused
from .pretend_keys import FIELDS as OF_KEY
from .pretend_keys import MUTATIONS as KEYS_MADE
from .pretend_keys import QUERIES as KEYS_ASKED
from .pretend_mutations import MUTATIONS
from .pretend_parts import PARTS
from .pretend_queries import QUERIES
from .pretend_schema import sdl
from .pretend_tokens import FIELDS as OF_TOKEN
from .pretend_tokens import MUTATIONS as TOKENS_MADE
from .pretend_tokens import QUERIES as TOKENS_ASKED
from .pretend_tokens import may_not
from .pretend_views import FIELDS, View

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLError, GraphQLResolveInfo, GraphQLSchema

_TABLES: Mapping[str, Mapping[str, View]] = {
    **FIELDS,
    "ProjectToken": OF_TOKEN,
    "SshPublicKey": OF_KEY,
    "Query": {**QUERIES, **TOKENS_ASKED, **KEYS_ASKED},
    "Mutation": {**MUTATIONS, **PARTS, **TOKENS_MADE, **KEYS_MADE},
}
_BODY = frozenset({"query", "variables", "operationName", "extensions"})


def answer(estate: Estate, body: Any) -> Told:
    """One request's answer. 400 for what is no valid request, else 200; `errors` is there only if there are some."""
    from graphql import GraphQLError, execute_sync

    if not isinstance(body, Mapping) or not isinstance(body.get("query"), str) or set(body) - _BODY:
        return refused("POST body must hold query, and may hold variables and operationName", "BAD_REQUEST", 400)
    variables = body.get("variables") or {}
    if not isinstance(variables, Mapping):
        return refused("variables must be an object", "BAD_REQUEST", 400)
    document, errors = _document(body["query"])
    if document is None:
        return _told(errors, 400)
    unfit = _unfit(document, body.get("operationName"), variables)
    if unfit:
        return _told(unfit, 400)
    result = execute_sync(
        schema(),
        document,
        context_value=estate,
        variable_values=dict(variables),
        operation_name=body.get("operationName"),
        field_resolver=_resolve,
    )
    for error in result.errors or ():
        cause = error.original_error
        if cause is not None and not isinstance(cause, Refused | GraphQLError):
            raise cause
    if not result.errors:
        return Told(200, {"data": result.data})
    told = [_error(error, "INTERNAL_SERVER_ERROR") for error in result.errors]
    return Told(200, {"errors": told, "data": result.data})


def is_read(body: Any) -> bool:
    """Whether a request only asks. What cannot be read does not write."""
    document, _ = _document(str(body.get("query"))) if isinstance(body, Mapping) else (None, [])
    operation = _operation(document, body.get("operationName")) if document is not None else None
    return operation is None or operation.operation.value == "query"


def refused(message: str, code: str, status: int = 200) -> Told:
    """An answer that is an error alone."""
    error = {"message": message, "extensions": {"code": code}, "traceId": _trace(message)}
    return Told(status, {"errors": [error], "data": None} if status == 200 else {"errors": [error]})


@lru_cache(maxsize=1)
def schema() -> "GraphQLSchema":
    """Railway's, as far as it is played."""
    from graphql import GraphQLError, GraphQLScalarType, build_schema

    built = build_schema(sdl())

    def config(value: Any) -> Any:
        faults = wrong(value)
        if faults:
            raise GraphQLError(faults[0])
        return value

    def variables(value: Any) -> Any:
        if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
            raise GraphQLError("variables must be texts by name")
        return value

    checks: Mapping[str, Callable[[Any], Any]] = {"EnvironmentConfig": config, "EnvironmentVariables": variables}
    for name, check in checks.items():
        scalar = built.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.parse_value = scalar.coerce_input_value = check  # type: ignore
    return built


@lru_cache(maxsize=512)
def _document(text: str) -> "tuple[DocumentNode | None, list[Thing]]":
    """The document, or what is wrong with it."""
    from graphql import GraphQLError, parse, validate

    try:
        document = parse(text)
    except GraphQLError as error:
        return None, [_error(error, "GRAPHQL_PARSE_FAILED")]
    errors = validate(schema(), document)
    return (None, [_error(one, "GRAPHQL_VALIDATION_FAILED") for one in errors]) if errors else (document, [])


def _operation(document: "DocumentNode", name: str | None) -> Any:
    from graphql import get_operation_ast

    return get_operation_ast(document, name)


def _unfit(document: "DocumentNode", name: str | None, variables: Mapping[str, Any]) -> list[Thing]:
    """What keeps a valid document from being executed: no one operation is meant, or a variable has a wrong value."""
    from graphql import get_variable_values

    operation = _operation(document, name)
    if operation is None:
        error = "Must provide operation name if query contains multiple operations."
        return refused(error, "OPERATION_RESOLUTION_FAILURE", 400).body["errors"]  # type: ignore[no-any-return]
    values = get_variable_values(schema(), operation.variable_definitions or (), dict(variables))
    return [_error(one, "BAD_USER_INPUT") for one in values] if isinstance(values, list) else []


def _resolve(source: Any, info: "GraphQLResolveInfo[Estate]", **args: Any) -> Any:
    view = _TABLES.get(info.parent_type.name, {}).get(info.field_name)
    if may_not(info.context, info):
        raise Refused("Not Authorized")
    if view is not None:
        return view(info.context, source, args)
    return source.get(info.field_name)


def _error(error: "GraphQLError", code: str) -> Thing:
    cause = error.original_error
    told: Thing = dict(error.formatted)
    told["extensions"] = {"code": cause.code if isinstance(cause, Refused) else code}
    return {**told, "traceId": _trace(error.message)}


def _told(errors: list[Thing], status: int) -> Told:
    return Told(status, {"errors": errors})


def _trace(text: str) -> str:
    """A number such as the vendor's, the same for the same text."""
    return str(int(hashlib.sha256(text.encode()).hexdigest()[:16], 16))
