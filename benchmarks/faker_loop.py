"""Measure how long Faker alone takes to generate the lines of a leak: a loop over the columns of `lines`.

usage: python -m benchmarks.faker_loop ROWS
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker

from toolkit.schema import LINES

__all__ = ["faker_seconds"]


def faker_seconds(rows: int) -> float:
    """Return the seconds to draw `rows` lines with Faker's French provider and write them to a Parquet file."""
    fake = Faker("fr_FR")
    fake.seed_instance(1)
    start = time.perf_counter()
    lines = [_line(fake, number) for number in range(rows)]
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(pa.Table.from_pylist(lines, schema=LINES.arrow_schema()), Path(folder) / "faker.parquet")
    return time.perf_counter() - start


def _line(fake: Faker, number: int) -> dict[str, object]:
    return {
        "line_id": number,
        "record_id": number + 1,
        "practice_id": fake.random_int(1, 1_150),
        "practitioner_id": fake.random_int(1, 1_500),
        "last_name": fake.last_name(),
        "birth_name": fake.last_name(),
        "first_name": fake.first_name(),
        "sex": fake.random_element(("M", "F")),
        "birth_date": fake.date_of_birth(),
        "nir": fake.ssn(),
        "address": fake.street_address(),
        "postal_code": fake.postcode(),
        "city": fake.city(),
        "mobile_phone": fake.phone_number(),
        "landline_phone": fake.phone_number(),
        "email": fake.email(),
        "administrative_comment": fake.sentence() if fake.boolean(22) else None,
        "created_on": fake.date_this_decade(),
        "updated_on": fake.date_this_year(),
    }


if __name__ == "__main__":
    print(faker_seconds(int(sys.argv[1])))
