"""What people are called, and what they write, in several languages."""

# Other alphabets are the point.
# ruff: noqa: RUF001
from __future__ import annotations

SELLERS = (
    ("Ana", "Morales"),
    ("Bert", "Lindqvist"),
    ("Chidi", "Okafor"),
    ("Dagny", "Halvorsen"),
    ("Emre", "Yılmaz"),
    ("Fumiko", "Tanaka"),
    ("Grace", "O'Neill"),
    ("Hélène", "Dubois"),
    ("Ivan", "Petrov"),
    ("Jelena", "Kovač"),
)
BUYERS = (
    ("Lucía", "Fernández"),
    ("Marek", "Zieliński"),
    ("Noor", "Haddad"),
    ("Oskar", "Müller"),
    ("Priya", "Raman"),
    ("Quentin", "Lefèvre"),
    ("Rosa", "Bianchi"),
    ("Søren", "Østergaard"),
    ("Tomoko", "Sato"),
    ("Uma", "Thorvald"),
    ("Viktor", "Németh"),
    ("Wei", "Zhang"),
)
COMPANIES = (
    "Alder & Finch",
    "Brightwater Logistics",
    "Café Central GmbH",
    "Delta Ópticas",
    "東海精機",
    "Fjordkraft Foods",
    "Grüner Anlagenbau",
    "Harbour Analytics",
)
TIME_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Europe/London", "Asia/Kolkata")
# `{}` is the person's name.
SUBJECTS = {
    "call": ("Call {} about the renewal", "Ring {} back ☎️", "Llamar a {} por la oferta", "{} wegen Termin anrufen"),
    "email": (
        "Send {} the price list",
        "Follow up with {} after the demo",
        "Relancer {} sur le devis",
        "{}さんに見積書を送る",
    ),
    "inmail": ("InMail to {}: case study 🚀", "Ask {} for an introduction", "Написать {} о вебинаре"),
    "custom": (
        "Prepare the workshop for {}",
        "Check contract terms with {}",
        "Preparar propuesta para {} ✅",
        "Lunch with {} 🍝",
    ),
}
NOTES = (
    "Asked for two references from the same industry.\nPrefers to be called before noon.",
    "Budget is approved; procurement wants three offers.",
    "Quiere ver la integración con su ERP antes de decidir. ¡Ojo con el plazo!",
    "Hat bis Monatsende Zeit. Größe der Lizenz noch offen – bitte Rückfrage bei Einkauf.",
    "Très intéressée, mais le budget est gelé jusqu’à janvier.",
    "来週の火曜日に再度連絡する。担当者が変わる予定。",
    "Просит прислать договор на русском языке.",
    "يفضل التواصل عبر البريد الإلكتروني.",
    "👍 Demo went well. Next: security questionnaire 🔒, then pricing 💶.",
    'Line one\r\nLine two\r\n\r\n\tindented, with <tags> & "quotes", 100 %',
)
CAMPAIGNS = ("Autumn outreach", "Renewals 30 days", "Événement Paris", "Trade fair follow-up")
CALL_OUTCOMES = ("Connected", "Left voicemail", "No answer")
CALL_REASONS = ("Prospecting", "Renewal", "Support")
