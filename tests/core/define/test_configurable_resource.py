from __future__ import annotations

import contextlib

import pytest

from penstock.config import EnvVar
from penstock.define.configurable_resource import (
    ConfigurableResource,
    ConfigurableResourceFactory,
    ResourceDependency,
)
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.define.resource import ResourceDefinition, ResourceParam, as_resource_definition, resource
from penstock.engine.direct import build_init_resource_context
from penstock.errors import (
    InvalidConfigError,
    InvalidDefinitionError,
    InvalidInvocationError,
    InvariantViolationError,
)

LOG = []


@pytest.fixture(autouse=True)
def _fresh_log():
    LOG.clear()


class Account(ConfigurableResource):
    user: str
    _connection: str = "closed"

    def setup_for_execution(self, context):
        self._connection = f"open for {self.user}"
        LOG.append(f"set up {self.user}")

    def teardown_after_execution(self, context):
        LOG.append(f"tear down {self.user}")


class Mailbox(ConfigurableResource):
    account: Account
    folder: str = "inbox"

    def setup_for_execution(self, context):
        LOG.append(f"set up {self.folder}")

    def teardown_after_execution(self, context):
        LOG.append(f"tear down {self.folder}")

    def where(self):
        return f"{self.account._connection}: {self.folder}"


def read_from(resource_defs, config=None):
    @op
    def read(mailbox: Mailbox):
        return mailbox.where()

    @job(resource_defs=resource_defs)
    def reading():
        read()

    return reading.execute_in_process(run_config=config and {"resources": config}).output_for_node("read")


def test_parts_are_set_up_first_and_torn_down_last():
    assert read_from({"mailbox": Mailbox(account=Account(user="ann"))}) == "open for ann: inbox"
    assert LOG == ["set up ann", "set up inbox", "tear down inbox", "tear down ann"]


def test_values_are_defaults_that_run_config_may_change():
    bound = {"mailbox": Mailbox(account=Account(user="ann"))}
    config = {"mailbox": {"config": {"folder": "sent", "account": {"user": "bo"}}}}
    assert read_from(bound, config) == "open for bo: sent"


def test_a_part_bound_on_its_own_is_configured_there_and_opened_once():
    account = Account.configure_at_launch()
    bound = {"mailbox": Mailbox(account=account), "account": account}
    assert read_from(bound, {"account": {"config": {"user": "cy"}}}) == "open for cy: inbox"
    assert LOG.count("set up cy") == 1


def test_a_part_bound_nowhere_else_is_configured_in_its_place():
    bound = {"mailbox": Mailbox(account=Account.configure_at_launch())}
    assert read_from(bound, {"mailbox": {"config": {"account": {"user": "di"}}}}) == "open for di: inbox"
    with pytest.raises(InvalidConfigError, match=r"mailbox\.config\.account\.user"):
        read_from(bound)


def test_environment_variables_are_looked_up_in_parts(monkeypatch):
    bound = {"mailbox": Mailbox(account=Account(user=EnvVar("PENSTOCK_TEST_USER")))}
    monkeypatch.setenv("PENSTOCK_TEST_USER", "eve")
    assert read_from(bound) == "open for eve: inbox"


def test_some_values_are_known_before_the_launch():
    partial = Mailbox.configure_at_launch(account=Account(user="flo"))
    assert read_from({"mailbox": partial}, {"mailbox": {"config": {"folder": "x"}}}) == "open for flo: x"


def test_a_part_cannot_be_left_to_config():
    with pytest.raises(InvalidDefinitionError, match="'account'"):
        as_resource_definition(Mailbox.configure_at_launch())


def test_values_known_before_the_launch_are_fields():
    with pytest.raises(InvalidDefinitionError, match="Did you mean 'folder'"):
        Mailbox.configure_at_launch(foldr="x")


def test_objects_are_read_only_but_for_private_attributes():
    account = Account(user="ann")
    account._connection = "changed"
    with pytest.raises(InvalidInvocationError, match="user"):
        account.user = "bo"
    assert (account.user, account._connection) == ("ann", "changed")


def test_wrong_values_are_named_together():
    with pytest.raises(InvalidConfigError) as caught:
        Mailbox(account=Account(user="ann"), folder=3, colour="red")
    assert "folder" in str(caught.value)
    assert "colour" in str(caught.value)


def test_a_factory_gives_what_it_creates():
    class Words(ConfigurableResourceFactory[str]):
        count: int

        def create_resource(self, context):
            return "word" * self.count

    class Book(ConfigurableResource):
        words: ResourceDependency[str]
        page: ResourceDependency[object]

    @resource(config_schema={"n": int})
    def page(init_context):
        yield init_context.resource_config["n"]
        LOG.append("page closed")

    @op
    def read(book: Book, words: ResourceParam[str]):
        return book.words, book.page, words

    @job(
        resource_defs={
            "book": Book(words=Words(count=2), page=page.configured({"n": 7})),
            "words": Words(count=1),
        }
    )
    def reading():
        read()

    assert reading.execute_in_process().output_for_node("read") == ("wordword", 7, "word")
    assert LOG == ["page closed"]


def test_a_factory_wants_create_resource():
    class Empty(ConfigurableResourceFactory[str]): ...

    with pytest.raises(NotImplementedError, match="create_resource"):
        Empty().process_config_and_initialize()


def test_yield_for_execution_is_one_frame_around_the_run():
    class Door(ConfigurableResource):
        @contextlib.contextmanager
        def yield_for_execution(self, context):
            LOG.append("open")
            yield self
            LOG.append("close")

    with Door().process_config_and_initialize_cm() as door:
        assert isinstance(door, Door)
        assert LOG == ["open"]
    assert LOG == ["open", "close"]


def test_initialized_by_hand_a_resource_stays_open(monkeypatch):
    monkeypatch.setenv("PENSTOCK_TEST_USER", "gil")
    account = Account(user=EnvVar("PENSTOCK_TEST_USER")).process_config_and_initialize()
    assert (account.user, account._connection) == ("gil", "open for gil")
    assert LOG == ["set up gil"]


def test_the_init_context_is_there_from_set_up_on():
    account = Account(user="ann")
    with pytest.raises(InvariantViolationError, match="setup_for_execution"):
        account.get_resource_context()
    assert account.process_config_and_initialize().get_resource_context().resource_config == {"user": "ann"}


def test_a_resource_is_made_of_a_context():
    class Context:
        resource_config = {"user": "ann"}

    assert Account.from_resource_context(Context())._connection == "open for ann"
    with Account.from_resource_context_cm(Context()) as account:
        assert account.user == "ann"
    assert LOG[-1] == "tear down ann"


def test_the_definition_requires_what_its_parts_require():
    @resource(required_resource_keys={"base"})
    def part(init_context):
        return init_context.resources.base

    class Whole(ConfigurableResource):
        part: ResourceDependency[object]

    assert as_resource_definition(Whole(part=part)).required_resource_keys == {"base"}
    assert isinstance(as_resource_definition(Whole(part=5)), ResourceDefinition)


def test_a_function_can_take_the_schema_of_a_class():
    class Client(ConfigurableResource):
        url: str
        port: int = 1

    @resource(config_schema=Client.to_config_schema())
    def client(context):
        return Client.from_resource_context(context)

    made = client(build_init_resource_context(config={"url": "db"}))
    assert (made.url, made.port) == ("db", 1)
