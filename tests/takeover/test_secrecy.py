"""Which values an import writes down, and how .env files are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.model.errors import SpecError
from reconcile.model.reference import unescape
from reconcile.model.resource import references_in
from reconcile.model.secrecy import may_stand
from reconcile.steps.dotenv import read_dotenv
from reconcile.steps.draft.fields import escaped

HARMLESS = (
    "NODE_ENV=production",
    "PORT=3000",
    "DEBUG=false",
    "LOG_LEVEL=info",
    "AWS_REGION=eu-central-1",
    "PGDATA=/var/lib/postgresql/data/pgdata",
    "POSTGRES_DB=bilko_prod",
    "FROM_EMAIL=noreply@legacyvideo.example",
    "PUBLIC_URL=https://app.example.com/start?page=2",
    "DATABASE_URL=${{Postgres.DATABASE_URL}}",
    "API_SECRET=${{shared.API_SECRET}}",
    "DATABASE_URL=postgresql://${{USER}}:${{PASSWORD}}@${{HOST}}:5432/${{DB}}",
    "REDIS_URL=redis://default:${{REDIS_PASSWORD}}@${{HOST}}:6379",
    "GREETING=Hello World",
    "PG=host=db.example sslmode=require",
    "EMPTY=",
)
DOUBTFUL = (
    "JWT_SECRET=short",
    "CLERK_PUBLISHABLE_KEY=pk_test_abc",
    "apiKey=x",
    "DB_PW=summer",
    "SENTRY_DSN=https://abc@sentry.example/1",
    "DATABASE_URL=set-by-a-person-007",
    "DATABASE_URL=postgres://u:p@db.example/x",
    "PUBLIC=postgres://u:p@db.example/x",
    "MIXED=postgres://${{USER}}:hunter2@db.example/x",
    "PUBLIC=postgres://u:p/w@db.example/x",
    "TWO=redis://default:@a.example,redis://u:pw@b.example",
    "NO_SCHEME=user:pw@db.example",
    "QUERY=https://app.example/?token=abc",
    "DB=host=db.example password=abc",
    "WEB=https://9f2b@sentry.example/1",
    "ANY=sk_live_4eC39HqLyjWD",
    "ANY=eyJhbGciOi.eyJzdWIi.abc",
    "ANY=3b7f0c52d94e4a1f8c6d20e5a7b91f34",
    "ANY=5d0c0a5e-8a36-4c39-9b56-b6f3a1d2c4e7",
    "ANY=qhwpxkzjvmbtrnylfcdsgaeuio",
    "ANY=aBcDeFgHiJkL",
    "ANY=4111111111111111",
    "ANY=two\nlines",
    'ANY={"key": 1}',
    "ANY=" + "word " * 60,
)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_value_may_stand_in_a_file(text: str) -> None:
    assert may_stand(*text.split("=", 1))


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_value_in_doubt_may_not(text: str) -> None:
    assert not may_stand(*text.split("=", 1))


@given(st.binary(min_size=16, max_size=64))
def test_no_key_of_sixteen_bytes_may_stand_whatever_it_is_called(key: bytes) -> None:
    assert not may_stand("ANYTHING", key.hex()) or key.hex().isalpha() or key.hex().isdigit()


@given(st.text(st.sampled_from("${}ab. "), max_size=20))
def test_what_is_written_reads_back_as_the_value_and_refers_to_nothing(value: str) -> None:
    written = escaped(value)

    assert unescape(written) == value
    assert references_in(written) == ()
    if "$${" not in value and value.replace("${{", "").count("${") == 0:
        assert written == value, "what needs no escape has none"


LINES = {
    "A=b": "b",
    "A = b # c": "b",
    "A=b#c": "b#c",
    "A=#c": "",
    "A='b # c'": "b # c",
    "A='it\\'s'": "it's",
    "A='b\\n'": "b\\n",
    'A="b\\nc" # d': "b\nc",
    'A="b\nc"': "b\nc",
    'A="\\"\\\\\\$"': '"\\$',
    "A=`b\"'c`": "b\"'c",
    "\ufeffexport\tA=b\r\n": "b",
    "A=1\nA=2": "2",
    "A=": "",
}


@pytest.mark.parametrize("text", LINES)
def test_a_dotenv_line_is_read_as_its_libraries_do(text: str) -> None:
    (one,) = read_dotenv(".env", text.encode())

    assert (one.name, one.value.reveal()) == ("A", LINES[text])


@given(st.text(max_size=40), st.sampled_from("'\"`"))
def test_what_is_quoted_comes_back_or_is_refused(value: str, quote: str) -> None:
    text = value.replace("\\", "\\\\").replace(quote, f"\\{quote}") if quote != "`" else value
    try:
        (one,) = read_dotenv(".env", f"A={quote}{text}{quote}\n".encode(errors="ignore"))
    except SpecError:
        assert quote == "`" and "`" in value
    else:
        assert one.value.reveal() == value.replace("\r\n", "\n").replace("\r", "\n").encode(errors="ignore").decode()
