"""Cities accounts and people live in, with how many people live there.

Populations are thousands within the city limits: US Census 2020; elsewhere the
latest census or register figure in the UN Demographic Yearbook, table 8. Rounded,
for drawing places in proportion only.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TABLE: Final = """
amer|US|NY|New York|40.7128|-74.0060|8804
amer|US|CA|Los Angeles|34.0522|-118.2437|3899
amer|US|IL|Chicago|41.8781|-87.6298|2746
amer|US|TX|Houston|29.7604|-95.3698|2305
amer|US|AZ|Phoenix|33.4484|-112.0740|1608
amer|US|PA|Philadelphia|39.9526|-75.1652|1604
amer|US|TX|San Antonio|29.4241|-98.4936|1435
amer|US|CA|San Diego|32.7157|-117.1611|1387
amer|US|TX|Dallas|32.7767|-96.7970|1304
amer|US|CA|San Jose|37.3382|-121.8863|1013
amer|US|TX|Austin|30.2672|-97.7431|962
amer|US|FL|Jacksonville|30.3322|-81.6557|950
amer|US|OH|Columbus|39.9612|-82.9988|906
amer|US|NC|Charlotte|35.2271|-80.8431|875
amer|US|IN|Indianapolis|39.7684|-86.1581|888
amer|US|CA|San Francisco|37.7749|-122.4194|874
amer|US|WA|Seattle|47.6062|-122.3321|737
amer|US|CO|Denver|39.7392|-104.9903|716
amer|US|DC|Washington|38.9072|-77.0369|690
amer|US|MA|Boston|42.3601|-71.0589|676
amer|US|TN|Nashville|36.1627|-86.7816|689
amer|US|MI|Detroit|42.3314|-83.0458|639
amer|US|OR|Portland|45.5152|-122.6784|653
amer|US|GA|Atlanta|33.7490|-84.3880|499
amer|US|FL|Miami|25.7617|-80.1918|442
amer|US|MN|Minneapolis|44.9778|-93.2650|430
amer|US|UT|Salt Lake City|40.7608|-111.8910|200
amer|CA|ON|Toronto|43.6532|-79.3832|2794
amer|CA|QC|Montreal|45.5017|-73.5673|1763
amer|CA|BC|Vancouver|49.2827|-123.1207|662
emea|GB|ENG|London|51.5074|-0.1278|8800
emea|GB|ENG|Birmingham|52.4862|-1.8904|1145
emea|GB|ENG|Manchester|53.4808|-2.2426|552
emea|GB|SCT|Edinburgh|55.9533|-3.1883|506
emea|DE|BE|Berlin|52.5200|13.4050|3677
emea|DE|HH|Hamburg|53.5511|9.9937|1853
emea|DE|BY|Munich|48.1351|11.5820|1488
emea|DE|NW|Cologne|50.9375|6.9603|1073
emea|DE|HE|Frankfurt|50.1109|8.6821|759
emea|FR|IDF|Paris|48.8566|2.3522|2146
emea|FR|ARA|Lyon|45.7640|4.8357|522
emea|ES|MD|Madrid|40.4168|-3.7038|3223
emea|ES|CT|Barcelona|41.3874|2.1686|1620
emea|IT|LAZ|Rome|41.9028|12.4964|2761
emea|IT|LOM|Milan|45.4642|9.1900|1372
emea|NL|NH|Amsterdam|52.3676|4.9041|873
emea|BE|BRU|Brussels|50.8503|4.3517|1218
emea|AT|W|Vienna|48.2082|16.3738|1921
emea|CH|ZH|Zurich|47.3769|8.5417|422
emea|SE|AB|Stockholm|59.3293|18.0686|978
emea|DK|HS|Copenhagen|55.6761|12.5683|638
emea|NO|OS|Oslo|59.9139|10.7522|698
emea|IE|D|Dublin|53.3498|-6.2603|592
emea|PL|MZ|Warsaw|52.2297|21.0122|1863
apac|AU|NSW|Sydney|-33.8688|151.2093|5231
apac|AU|VIC|Melbourne|-37.8136|144.9631|4917
apac|AU|QLD|Brisbane|-27.4698|153.0251|2526
apac|NZ|AUK|Auckland|-36.8509|174.7645|1440
apac|SG|SG|Singapore|1.3521|103.8198|5454
apac|JP|13|Tokyo|35.6762|139.6503|9733
apac|JP|27|Osaka|34.6937|135.5023|2752
apac|IN|MH|Mumbai|19.0760|72.8777|12442
apac|IN|KA|Bengaluru|12.9716|77.5946|8444
"""
CURRENCY_OF_COUNTRY: Final = {
    "US": "USD", "CA": "CAD", "GB": "GBP", "CH": "CHF", "SE": "SEK", "DK": "DKK",
    "NO": "NOK", "PL": "PLN", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "JP": "JPY",
    "IN": "INR",
}  # fmt: skip
# IANA zones; of a country, or of a state where a country has several
ZONES: Final = {
    "US": "America/New_York", "US/IL": "America/Chicago", "US/TX": "America/Chicago",
    "US/TN": "America/Chicago", "US/MN": "America/Chicago", "US/AZ": "America/Phoenix",
    "US/CO": "America/Denver", "US/UT": "America/Denver",
    "US/CA": "America/Los_Angeles", "US/WA": "America/Los_Angeles",
    "US/OR": "America/Los_Angeles", "CA": "America/Toronto",
    "CA/BC": "America/Vancouver",
    "GB": "Europe/London", "DE": "Europe/Berlin", "FR": "Europe/Paris",
    "ES": "Europe/Madrid", "IT": "Europe/Rome", "NL": "Europe/Amsterdam",
    "BE": "Europe/Brussels", "AT": "Europe/Vienna", "CH": "Europe/Zurich",
    "SE": "Europe/Stockholm", "DK": "Europe/Copenhagen", "NO": "Europe/Oslo",
    "IE": "Europe/Dublin", "PL": "Europe/Warsaw", "AU": "Australia/Sydney",
    "AU/VIC": "Australia/Melbourne", "AU/QLD": "Australia/Brisbane",
    "NZ": "Pacific/Auckland", "SG": "Asia/Singapore", "JP": "Asia/Tokyo",
    "IN": "Asia/Kolkata",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """Cities as columns of one length."""

    region_id: tuple[str, ...]
    country: tuple[str, ...]
    state: tuple[str, ...]
    city: tuple[str, ...]
    latitude: NDArray[np.float64]  # degrees
    longitude: NDArray[np.float64]  # degrees
    population: NDArray[np.float64]  # thousands

    @property
    def zone(self) -> tuple[str, ...]:
        """IANA time zone of each city."""
        return tuple(
            ZONES.get(f"{country}/{state}", ZONES[country])
            for country, state in zip(self.country, self.state, strict=True)
        )

    def in_region(self, region_id: str) -> NDArray[np.int64]:
        """Return the rows of a region's cities."""
        return np.flatnonzero(np.array(self.region_id) == region_id)

    def draw(
        self, region_id: str, count: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw cities of a region in proportion to their population."""
        rows = self.in_region(region_id)
        weight = self.population[rows]
        return generator.choice(rows, size=count, p=weight / weight.sum())


def cities() -> Places:
    """Return every city the demo company knows.

    Examples
    --------
    >>> known = cities()
    >>> known.city[known.in_region("emea")[0]]
    'London'
    """
    rows = [line.split("|") for line in _TABLE.strip().splitlines()]
    region, country, state, city, latitude, longitude, population = zip(
        *rows, strict=True
    )
    return Places(
        region_id=region,
        country=country,
        state=state,
        city=city,
        latitude=np.array(latitude, dtype=np.float64),
        longitude=np.array(longitude, dtype=np.float64),
        population=np.array(population, dtype=np.float64),
    )
