"""What a row is: a continent, a country on it, a city of the country."""

from sqlalchemy import BigInteger, Double, ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dalkit import Base, JSONType
from dalkit.models import NAMING_CONVENTION


class WorldBase(Base):
    """The base of these models. Its metadata is its own, so that it creates and drops these three tables only."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    # Cities have names in all scripts, and a MariaDB database may have been made for western ones only.
    __table_args__ = {"mariadb_charset": "utf8mb4", "mysql_charset": "utf8mb4"}


class Continent(WorldBase):
    __tablename__ = "world_continents"

    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str]
    population: Mapped[int] = mapped_column(BigInteger)


class Country(WorldBase):
    __tablename__ = "world_countries"

    iso: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str]
    capital: Mapped[str]
    continent_code: Mapped[str] = mapped_column(ForeignKey(Continent.code), index=True)
    currency: Mapped[str | None] = mapped_column(String(3))
    population: Mapped[int] = mapped_column(BigInteger)
    languages: Mapped[list[str]] = mapped_column(JSONType())
    neighbours: Mapped[list[str]] = mapped_column(JSONType())

    continent: Mapped[Continent] = relationship()


class City(WorldBase):
    __tablename__ = "world_cities"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    country_iso: Mapped[str] = mapped_column(ForeignKey(Country.iso), index=True)
    population: Mapped[int] = mapped_column(index=True)
    latitude: Mapped[float] = mapped_column(Double)
    longitude: Mapped[float] = mapped_column(Double)
    timezone: Mapped[str]
    alternate_names: Mapped[list[str]] = mapped_column(JSONType())

    country: Mapped[Country] = relationship()
