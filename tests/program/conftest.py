"""What the tests of the Pulumi side share."""

import pytest

pytest.register_assert_rewrite("tests.program.scenarios")
