"""Random requests, photos and files."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from conformance.case import CaseContext
from conformance.cases import case
from conformance.cases.contract_fuzz import contract_requests
from conformance.cases.fuzzing import fuzz
from conformance.judging.verdicts import Finding
from conformance.requests.photos.odd import ODD
from conformance.requests.recipe import EncryptedPhoto, Encryption, Photo, Request, Writing

_FORMS = ("urlencoded", "multipart", "files")
_SMALL = tuple(name for name in ODD if "filled" not in name and "20000" not in name)

_photos = st.one_of(
    st.builds(
        Photo, of=st.sampled_from(("collins", "hopper")), cover=st.sampled_from((None, "mask"))
    ),
    st.builds(
        Photo,
        of=st.just("nobody"),
        width=st.integers(1, 300),
        height=st.integers(1, 300),
        format=st.sampled_from(("JPEG", "PNG", "BMP", "WEBP")),
    ),
    st.builds(Photo, content=st.sampled_from(_SMALL)),
)
_encryptions = st.one_of(
    st.just(Encryption()),
    st.builds(
        Encryption,
        key=st.sampled_from(("right", "wrong")),
        iv=st.sampled_from(("right", "wrong")),
        flip=st.sampled_from((None, "first", "middle", "tag")),
        drop=st.sampled_from((None, "tag", "tag-byte", "half", "all-but-tag")),
    ),
)
_writings = st.one_of(
    st.just(Writing()),
    st.builds(Writing, insert=st.text(max_size=3), cut=st.integers(0, 9)),
    st.builds(Writing, prefix=st.text(max_size=5)),
)
_fields = st.one_of(
    st.builds(EncryptedPhoto, photo=_photos, encryption=_encryptions, write=_writings),
    st.none(),
    st.text(max_size=40),
)
_booleans = st.one_of(st.none(), st.sampled_from(("true", "false")), st.text(max_size=6))
_requests = st.builds(
    Request,
    first=_fields,
    second=_fields,
    auto_rotate=_booleans,
    check_quality=_booleans,
    extra=st.lists(
        st.tuples(st.text("abc_", min_size=1, max_size=5), st.text(max_size=5)), max_size=2
    ).map(tuple),
    body=st.sampled_from((*_FORMS, "json", "text")),
)
_edits = st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 255)), min_size=1, max_size=8)
_damaged = st.builds(
    Photo,
    width=st.just(200),
    height=st.just(200),
    format=st.sampled_from(("JPEG", "PNG", "GIF", "BMP", "TIFF")),
    edits=_edits.map(tuple),
    percent=st.sampled_from((100, 100, 60)),
)
_bytes = st.binary(max_size=400).map(lambda data: Photo(content=f"hex:{data.hex()}"))


@case(
    "fuzz-recipes",
    "Random requests get documented responses; corrupted photos are never accepted",
    since="1.8.0",
    alone=True,
    requires=("code-1200", "status-500", "encryption-tag", "answer-complete"),
)
def _recipes(context: CaseContext) -> Iterable[Finding]:
    return fuzz(context, lambda: _requests)


@case(
    "fuzz-files",
    "Encrypted random bytes are refused with a documented code",
    since="1.8.0",
    alone=True,
    requires=("code-2005", "status-500", "answer-complete"),
)
def _files(context: CaseContext) -> Iterable[Finding]:
    return fuzz(context, lambda: _pairs(_bytes))


@case(
    "fuzz-damaged-photos",
    "Photos with random bytes changed get documented responses",
    since="1.8.0",
    alone=True,
    requires=("status-500", "answer-complete"),
)
def _damaged_photos(context: CaseContext) -> Iterable[Finding]:
    return fuzz(context, lambda: _pairs(_damaged))


@case(
    "fuzz-contract",
    "Valid and invalid requests from the contract's schema get documented responses",
    since="1.8.0",
    alone=True,
    requires=("status-500", "refusal-shape", "answer-complete"),
)
def _contract(context: CaseContext) -> Iterable[Finding]:
    return fuzz(context, contract_requests)


def _pairs(photos: st.SearchStrategy[Photo]) -> st.SearchStrategy[Request]:
    """The photo in either place, beside an ordinary one."""
    encrypted = photos.map(lambda photo: EncryptedPhoto(photo=photo))
    return st.one_of(st.builds(Request, first=encrypted), st.builds(Request, second=encrypted))
