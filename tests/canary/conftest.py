"""A PostgreSQL server for what a ledger there would tell."""

from tests.store.conftest import postgresql_schema as postgresql_schema
from tests.store.conftest import postgresql_url as postgresql_url
