"""Rules for showing a leak: masks, suppression of small counts, masked and clear display, access log, notice."""

from toolkit.privacy._access_log import LOG, DisclosureError, disclose, read_disclosures
from toolkit.privacy._display import IN_CLEAR, MASKED, Choice, card, choose, in_clear, masked
from toolkit.privacy._masking import mask_date, mask_lines, mask_name, mask_place, mask_text
from toolkit.privacy._notice import notice
from toolkit.privacy._small_counts import suppress_small

__all__ = [
    "IN_CLEAR",
    "LOG",
    "MASKED",
    "Choice",
    "DisclosureError",
    "card",
    "choose",
    "disclose",
    "in_clear",
    "mask_date",
    "mask_lines",
    "mask_name",
    "mask_place",
    "mask_text",
    "masked",
    "notice",
    "read_disclosures",
    "suppress_small",
]
