using System.Reflection;
using Saga.Contracts.Steps;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_step_has_had_other_names
{
    private static readonly string[] Verbs =
    [
        "activate", "add", "admit", "announce", "bar", "begin", "certify", "change", "check", "close", "compare", "complete", "copy", "create", "destroy", "disable", "drop", "dump",
        "enable", "end", "expire", "fill", "find", "inspect", "keep", "limit", "link", "lock", "migrate", "notify", "open", "putBack", "reactivate", "release", "remove", "reopen", "repair", "replace", "reserve",
        "restore", "retire", "revive", "rewrap", "rotate", "scan", "seal", "reset", "suspend", "switch", "take", "update", "verify", "write",
    ];

    [Theory]
    [InlineData("reserve", "placement.reserve")]
    [InlineData("identity", "organization.create")]
    [InlineData("database", "database.create")]
    [InlineData("migrate", "schema.migrate")]
    [InlineData("storage", "storage.create")]
    [InlineData("cache", "cache.create")]
    [InlineData("configuration", "configuration.write")]
    [InlineData("administrator", "administrator.create")]
    [InlineData("verify", "tenant.verify")]
    [InlineData("activate", "tenant.activate")]
    [InlineData("notify", "administrator.notify")]
    [InlineData("restored.rows", "restored.fill")]
    [InlineData("replacement.away", "replaced.close")]
    [InlineData("revert.rows", "revert.putBack")]
    [InlineData("revival.rows", "revival.fill")]
    [InlineData("revival.objects", "revivalObjects.copy")]
    public void Should_keep_the_meaning_of_every_name_that_was_released(string released, string today)
    {
        StepAliases.Current(released).ShouldBe(today);
        StepAliases.Current(today).ShouldBe(today);
        StepAliases.Spellings(released).ShouldBe([today, released]);
        StepAliases.Spellings(today).ShouldBe([today, released]);
    }

    [Fact]
    public void Should_name_the_resource_and_what_is_done_to_it() =>
        typeof(StepNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)
            .ShouldAllBe(name => name.Split('.', StringSplitOptions.None).Length == 2);

    // A backup's files are in folders that are named after its steps, so these three keep their names.
    [Fact]
    public void Should_say_what_is_done_with_one_of_few_verbs() =>
        typeof(StepNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)
            .Except([StepNames.BackupRows, StepNames.BackupSettings, StepNames.BackupObjects], StringComparer.Ordinal)
            .Select(name => name.Split('.')[1]).Where(verb => !Verbs.Contains(verb)).ShouldBeEmpty();

    [Fact]
    public void Should_leave_a_name_alone_that_nobody_knows() => StepAliases.Spellings("nothing").ShouldBe(["nothing"]);
}
