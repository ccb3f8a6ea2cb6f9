"""Hypothesis strategies and short makers for records."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from tray_connector.model.records import Attachment, Conversation, Email, Task

ids = st.from_regex(r"[0-9]{1,6}", fullmatch=True)
texts = st.none() | st.text(min_size=1, max_size=30)
lists = st.lists(st.text(max_size=10), max_size=4).map(tuple)
numbers = st.none() | st.integers(min_value=0, max_value=10_000)
times = st.none() | st.integers(min_value=0, max_value=4_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
days = st.none() | st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))

tasks = st.builds(
    Task,
    task_id=ids,
    name=texts,
    description=texts,
    status=texts,
    progress=numbers,
    tags=lists,
    tag_ids=lists,
    assignees=lists,
    start_date=days,
    due_date=days,
    created_at=times,
    updated_at=times,
    completed_at=times,
    estimate_minutes=numbers,
    deleted=st.booleans(),
    deleted_at=times,
)
attachments = st.builds(Attachment, attachment_id=ids, filename=texts, byte_size=numbers, inline=st.booleans())
emails = st.builds(
    Email,
    email_id=ids,
    conversation_id=ids,
    subject=texts,
    body_text=texts,
    body_html=texts,
    to_addresses=lists,
    to_names=lists,
    labels=lists,
    sent_at=times,
    deleted=st.booleans(),
    changed_at=times,
    attachments=st.lists(attachments, max_size=3).map(tuple),
)
conversations = st.builds(
    Conversation,
    conversation_id=ids,
    subject=texts,
    last_activity_at=times,
    messages_count=st.integers(min_value=0, max_value=400),
    label_ids=lists,
    labels=lists,
    deleted=st.booleans(),
)
records = tasks | emails | conversations
