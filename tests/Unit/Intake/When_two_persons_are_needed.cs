using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Lifecycle;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Registry.Intake;
using Saga.Registry.Schedule;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_two_persons_are_needed
{
    private static readonly ScheduleClaim Unapproved = new(Guid.Empty, Guid.Empty) { RequestedBy = "ada" };

    public static TheoryData<Caller, ScheduleClaim?, bool> Callers { get; } = new()
    {
        { Caller.OfToken("ada", isAdministrator: true), null, false },
        { Caller.Bus, null, false },
        { Caller.OfSchedule(Guid.Empty), null, false },
        { Caller.OfSchedule(Guid.Empty), Unapproved, false },
        { Caller.OfSchedule(Guid.Empty), Unapproved with { Approver = "grace" }, true },
        { Caller.OfSchedule(Guid.Empty), Unapproved with { FollowsOperation = true }, true },
        { Caller.System, null, true },
        { Caller.OfBatch(Guid.Empty, isAdministrator: true), null, true },
    };

    [Theory]
    [MemberData(nameof(Callers))]
    public void Should_be_accepted_from_two_persons_and_from_the_installation(Caller caller, ScheduleClaim? claim, bool accepted) =>
        FourEyesRules.Accepts(caller, claim, null).ShouldBe(accepted);

    [Fact]
    public void Should_not_be_given_again_by_a_batch() =>
        FourEyesRules.Accepts(Caller.OfBatch(Guid.Empty, isAdministrator: true), null, new ReplayedOperation(Guid.Empty, "Again.")).ShouldBeFalse();

    [Theory]
    [InlineData("Commands:0", "deprovison", "Saga:FourEyes:Commands: 'deprovison' is not a kind of command. There are adopt, backup, ")]
    [InlineData("Commands:0", "remove", "Saga:FourEyes:Commands: 'remove' may not be named: other commands give it, which may be named.")]
    [InlineData("Commands:0", "linkDomains", "Saga:FourEyes:Commands: 'linkDomains' may not be named: the installation gives this command itself, once the control of a domain is proved.")]
    [InlineData("Commands:0", "batch", "Saga:FourEyes:Commands: 'batch' is not named here: set Saga:FourEyes:BulkOver.")]
    [InlineData("BulkOver", "-1", "Saga:FourEyes:BulkOver: must be 0 to 10000, not -1.")]
    [InlineData("ApproveWithinHours", "0", "Saga:FourEyes:ApproveWithinHours: must be 1 to 2160, not 0.")]
    public void Should_refuse_a_wrong_configuration_in_words(string key, string value, string words) =>
        Should.Throw<OptionsValidationException>(() => Read((key, value))).Message.ShouldStartWith(words);

    [Fact]
    public void Should_take_every_kind_that_people_give()
    {
        string[] kinds = ["provision", "deprovision", "suspend", "migrate", "expireBackups", "rotateMasterKey"];

        Read([.. kinds.Select((k, i) => ($"Commands:{i}", k)), ("BulkOver", "0")]).Commands.ShouldBe(kinds);
    }

    private static FourEyesOptions Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => "Saga:FourEyes:" + s.Key, s => (string?)s.Value)).Build();
        return new ServiceCollection().AddLifecycle(configuration).BuildServiceProvider().GetRequiredService<IOptions<FourEyesOptions>>().Value;
    }
}
