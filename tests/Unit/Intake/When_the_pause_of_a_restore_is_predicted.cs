using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Restore;
using Saga.Registry.Backups;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_the_pause_of_a_restore_is_predicted
{
    private static readonly ValidRestore Command = new(Commands.ActiveTenant.Id, Guid.Empty, Of(2_000_000), RestoreMode.Replace, [])
    {
        Found = Commands.ActiveTenant with { Tier = IsolationTier.Row }, Newest = Of(3_000_000), RowsPerSecond = 200_000,
    };

    [Fact]
    public void Should_grow_with_the_rows_of_both()
    {
        RestorePause.Of(Command).ShouldBe(new(3_000_000, 2_000_000, 15, 14));
        RestorePause.Of(Command with { Newest = Of(10), Backup = Of(0) }).ShouldBe(new(10, 0, 1, 2));
    }

    [Fact]
    public void Should_take_the_rows_of_the_backup_when_no_newer_one_has_counted_them() =>
        RestorePause.Of(Command with { Newest = null }).ShouldBe(new(2_000_000, 2_000_000, 10, 13));

    [Fact]
    public void Should_be_told_in_words()
    {
        RestoreWords.Of(Command).ShouldContain(
            "The tenant is read-only for about 15 s while its 3000000 rows are copied to a schema of their own, and then unavailable for about 14 s while 2000000 rows replace them (at 200000 rows a second, and as many rows as in its newest backup).");
        RestoreWords.Of(Command with { Backup = Of(1) with { Manifest = null } }).ShouldContain(w => w.Contains("How long is not known", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_not_be_where_the_pause_does_not_grow()
    {
        RestorePause.Of(Command with { Mode = RestoreMode.Beside }).ShouldBeNull();
        RestorePause.Of(Command with { Found = Command.Found! with { Tier = IsolationTier.Schema } }).ShouldBeNull();
        RestorePause.Of(Command with { Backup = Of(1) with { Manifest = new(JsonElement.Parse("[]"), "f", []) } }).ShouldBeNull();
    }

    private static Registry.Backups.Backup Of(long rows) => new()
    {
        Id = Guid.Empty, TenantId = Commands.ActiveTenant.Id, Slug = Commands.ActiveTenant.Slug, OperationId = Guid.Empty, State = BackupState.Completed, RequestedBy = "ada", IncludesObjects = false,
        Tier = IsolationTier.Row, StartedAt = DateTimeOffset.UnixEpoch, Bytes = 4711,
        Manifest = new(JsonElement.Parse($$$"""{"parts":[{"name":"objects","counts":{"objects":7}},{"name":"rows","counts":{"users":{{{rows}}},"documents":0}}]}"""), "f", []),
    };
}
