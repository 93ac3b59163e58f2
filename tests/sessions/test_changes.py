"""Sessions: change several users, from the command line and from files."""

from __future__ import annotations

import csv
import io


def test_lower_three_users_and_give_the_room_to_a_new_one(at_work, limits):
    refused = at_work("parsec users create newcomer --qps-limit 1485", code=10)
    assert "1,445 free" in refused.err

    (at_work.folder / "room.csv").write_text(
        "external_id,qps_limit\nuser_002,40\nuser_005,10\nuser_006,80\nnewcomer,1485\n"
    )
    planned = at_work("parsec users plan room.csv --out plan.json")
    assert "2,500 of 2,500" in planned.err
    at_work(f"{planned.next} --yes")

    after = limits(at_work)
    assert [after[name] for name in ("user_002", "user_005", "user_006")] == [40, 10, 80]
    assert after["newcomer"] == 1485
    assert sum(limit or 0 for limit in after.values()) == 2500


LEAVERS = """\
Name,Username,Last day
"Doe, J.",user_007,31 May
Roe,user_008,31 May
Poe,user_002,1 June
"""


def test_offboard_the_leavers_of_a_file_of_the_personnel_department(at_work, limits):
    (at_work.folder / "leavers.csv").write_text(LEAVERS)
    before = limits(at_work)
    unmapped = at_work("parsec users deactivate --from-file leavers.csv", code=2)
    assert "`Name`, `Username`, `Last day`" in unmapped.err
    unconfirmed = at_work(unmapped.next.replace("COLUMN", "Username"), code=9)
    assert "2,500.00 USDC, 2 open orders, 1 position" in unconfirmed.err
    assert limits(at_work) == before

    done = at_work(f"{unconfirmed.next} --reason 'left in May'")
    assert "3 deactivated" in done.err
    assert set(before) - set(limits(at_work)) == {"user_002", "user_007", "user_008"}

    # the same file comes again tomorrow
    assert "3 unchanged" in at_work(unconfirmed.next).err


def test_leavers_are_confirmed_on_a_terminal_by_their_number(at_work, limits):
    (at_work.folder / "leavers.csv").write_text(LEAVERS)
    shown = at_work(
        "parsec users deactivate --from-file leavers.csv --map external_id=Username",
        answers=[("3 to deactivate", "3\n")],
    )
    assert "2,500.00 USDC" in shown.out
    assert len(limits(at_work)) == 9


def through_a_spreadsheet(text, edits, *, spoil):
    """Return what a spreadsheet saves: semicolons, a BOM, CRLF, its own dates and booleans.

    `spoil` is what it also does to ids that look like numbers.
    """
    header, *rows = csv.reader(io.StringIO(text))
    saved = io.StringIO(newline="")
    writer = csv.DictWriter(saved, header, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    for values in rows:
        row = dict(zip(header, values, strict=True))
        row.update(edits.get(row["external_id"], {}))
        row["created_at"] = "05.01.2026 08:00"
        row["fee_escrow_enabled"] = row["fee_escrow_enabled"].upper()
        if spoil and row["external_id"].isdigit():
            row["external_id"] = str(int(row["external_id"]))
        writer.writerow(row)
    # an empty row at the end, as after deleted cells
    return ("\ufeff" + saved.getvalue() + ";" * (len(header) - 1) + "\r\n").encode()


def test_export_edit_in_a_spreadsheet_and_apply(at_work, limits):
    before = limits(at_work)
    exported = at_work("parsec users list -o csv > users.csv && cat users.csv").out
    edits = {"user_003": {"qps_limit": "41"}, "user_006": {"qps_limit": "60"}}
    file = at_work.folder / "users.csv"

    # the spreadsheet took the id 00417 for a number: nothing is planned
    file.write_bytes(through_a_spreadsheet(exported, edits, spoil=True))
    spoiled = at_work("parsec users plan users.csv --out plan.json", code=10)
    assert "'417'" in spoiled.err
    assert "'00417'" in spoiled.err

    file.write_bytes(through_a_spreadsheet(exported, edits, spoil=False))
    planned = at_work("parsec users plan users.csv --out plan.json")
    assert "created_at" in planned.err
    at_work(f"{planned.next} --yes")
    assert limits(at_work) == {**before, "user_003": 41, "user_006": 60}
    assert "plan: no changes; 12 unchanged; " in at_work("parsec users plan users.csv").err
