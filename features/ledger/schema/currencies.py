"""The codes of ISO 4217 (as of 2026), their signs, and which may stand for 'no currency was named'."""

from __future__ import annotations

from collections.abc import Mapping

NO_CURRENCY = "XXX"
"""ISO 4217's own code for transactions where no currency is involved."""

CURRENCIES = frozenset(
    code
    for line in """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP
    LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS
    TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD
    XCG XDR XOF XPD XPF XPT XSU XUA XXX YER ZAR ZMW ZWG ZWL
    """.splitlines()
    for code in line.split()
)
"""Active codes, and those withdrawn since 2020 that old ledgers still carry."""

SIGNS: Mapping[str, frozenset[str]] = {
    sign: frozenset(codes.split())
    for sign, codes in {
        "$": "ARS AUD BBD BMD BND BOB BRL BSD BZD CAD CLP COP CUP CVE DOP FJD GYD HKD JMD KYD LRD MXN NAD NIO NZD SBD "
        "SGD SRD TOP TTD TWD USD UYU WST XCD ZWL",
        "€": "EUR",
        "£": "EGP FKP GBP GIP LBP SDG SHP SSP SYP",
        "¥": "CNY JPY",
        "₹": "INR",
        "₽": "RUB",
        "₺": "TRY",
        "₴": "UAH",
        "₩": "KPW KRW",
        "₪": "ILS",
        "₫": "VND",
        "₦": "NGN",
        "₱": "CUP PHP",
        "฿": "THB",
        "₸": "KZT",
        "₾": "GEL",
        "₼": "AZN",
        "₡": "CRC SVC",
        "₲": "PYG",
        "₵": "GHS",
        "₭": "LAK",
        "₮": "MNT",
        "៛": "KHR",
    }.items()
}
"""The currencies that a sign may stand for; other signs contradict none."""
