"""Every kind of model that people write, through every method of a repository, on every driver, sync and async."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, inspect

from dalkit.operations.read import key_in
from tests.drivers import Kit
from tests.seed_models import SAMPLES, Sample

every_model = pytest.mark.parametrize("sample", SAMPLES.values(), ids=str)


class Saved:
    """Three saved entities of a sample in an open session, with their keys."""

    def __init__(self, kit: Kit, session: Any, sample: Sample[Any]) -> None:
        self.sample, self.session = sample, session
        self.repository = kit.repository(sample.model, session)
        self.entities = self.repository.add_all([sample.make(n) for n in (1, 2, 3)])
        session.flush()
        self.keys = [sample.key(entity) for entity in self.entities]
        self.order = getattr(sample.model, sample.order)

    def is_key(self, position: int) -> Any:
        """The criterion for one of the three."""
        key = self.keys[position]
        return key_in(self.sample.model, [key if isinstance(key, tuple) else (key,)])

    def values(self) -> list[Any]:
        """The values of the sample's column in the database, in the order of the keys."""
        return [getattr(entity, self.sample.column) for entity in self.repository.get_many(self.keys)]

    def keys_of(self, entities: Any) -> list[Any]:
        """The keys of entities."""
        return [self.sample.key(entity) for entity in entities]


@every_model
def test_reads_by_key(kit: Kit, db: Any, sample: Sample[Any]) -> None:
    with db.session_scope() as session:
        saved = Saved(kit, session, sample)
        first, second, third = saved.keys
        assert saved.repository.get(first) is saved.entities[0]
        session.expunge_all()
        assert sample.key(saved.repository.get(first)) == first
        assert sample.key(saved.repository.get_one(second)) == second
        assert saved.keys_of(saved.repository.get_many([third, first, third])) == [third, first, third]
        session.expire_all()
        assert sample.key(saved.repository.get(first, with_for_update=True)) == first


@every_model
def test_reads_by_criteria(kit: Kit, db: Any, sample: Sample[Any]) -> None:
    with db.session_scope() as session:
        saved = Saved(kit, session, sample)
        session.expunge_all()
        repository, order = saved.repository, saved.order
        assert saved.keys_of(repository.find(order_by=order)) == saved.keys
        assert saved.keys_of(repository.find(order_by=order.desc(), limit=2)) == saved.keys[:0:-1]
        assert saved.keys_of([repository.first(order_by=order.desc())]) == [saved.keys[2]]
        assert saved.keys_of([repository.one(saved.is_key(1))]) == [saved.keys[1]]
        assert saved.keys_of([repository.one_or_none(saved.is_key(1), with_for_update=True)]) == [saved.keys[1]]
        assert (repository.count(), repository.count(saved.is_key(0))) == (3, 1)
        assert repository.exists(saved.is_key(2))
        page = repository.paginate(page=2, size=2, order_by=order)
        assert (saved.keys_of(page), page.total, page.pages, page.has_next) == ([saved.keys[2]], 3, 2, False)


@every_model
@pytest.mark.parametrize("known", [True, False], ids=["in the session", "by key alone"])
def test_updates_one_entity(kit: Kit, db: Any, sample: Sample[Any], known: bool) -> None:
    with db.session_scope() as session:
        saved = Saved(kit, session, sample)
        if not known:
            session.expunge_all()
        changed = saved.repository.update(saved.keys[0], {sample.column: sample.values[0]})
        assert getattr(changed, sample.column) == sample.values[0]
        saved.repository.update(changed, {getattr(sample.model, sample.column): sample.values[1]})
        session.flush()
        session.expunge_all()
        values = saved.values()
        assert values[0] == sample.values[1]
        assert not set(map(repr, values[1:])) & set(map(repr, sample.values))


@every_model
def test_updates_rows_by_criteria_and_the_loaded_entities_among_them(kit: Kit, db: Any, sample: Sample[Any]) -> None:
    with db.session_scope() as session:
        saved = Saved(kit, session, sample)
        before = saved.values()
        matched = saved.repository.update_where(saved.is_key(1), values={sample.column: sample.values[0]})
        assert matched == 1
        expected = [before[0], sample.values[0], before[2]]
        assert [getattr(entity, sample.column) for entity in saved.entities] == expected
        assert not session.dirty
        session.expunge_all()
        assert saved.values() == expected


@every_model
def test_deletes_one_entity_and_rows_by_criteria(kit: Kit, db: Any, sample: Sample[Any]) -> None:
    with db.session_scope() as session:
        saved = Saved(kit, session, sample)
        saved.repository.delete(saved.entities[0])
        session.flush()
        session.expunge_all()
        saved.repository.delete(saved.keys[1])
        session.flush()
        assert saved.keys_of(saved.repository.find()) == [saved.keys[2]]
        loaded = saved.repository.get_one(saved.keys[2])
        assert saved.repository.delete_where(saved.is_key(2)) == 1
        assert loaded not in session.identity_map.values()
        assert saved.repository.count() == 0
        assert saved.repository.get(saved.keys[2]) is None


@every_model
def test_entities_stay_readable_after_commit(kit: Kit, db: Any, sample: Sample[Any]) -> None:
    with db.session_scope() as session:
        saved = Saved(kit, session, sample)
    for entity, key in zip(saved.entities, saved.keys, strict=True):
        assert sample.key(entity) == key
        for attribute in inspect(sample.model).column_attrs:
            if isinstance(attribute.columns[0], Column):
                getattr(entity, attribute.key)


@every_model
def test_adds_one_and_finds_it_instead_of_making_another(kit: Kit, db: Any, sample: Sample[Any]) -> None:
    with db.session_scope() as session:
        repository = kit.repository(sample.model, session)
        entity = sample.make(1)
        assert repository.add(entity) is entity
        session.flush()
        found, made = repository.get_or_create({sample.order: getattr(entity, sample.order)})
        assert found is entity
        assert not made
        assert repository.count() == 1
