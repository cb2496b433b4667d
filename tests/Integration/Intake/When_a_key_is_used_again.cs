using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_key_is_used_again : IntakeTest
{
    [Fact]
    public async Task Should_answer_with_the_same_operation()
    {
        var first = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k" });
        var rows = await RowsAsync();

        var again = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k" });

        again.ShouldBe(first with { IsReplay = true, Operation = null });
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_ignore_the_order_of_members()
    {
        Dictionary<string, bool> one = new() { ["biometric_auth"] = true, ["advanced_analytics"] = false }, other = new() { ["advanced_analytics"] = false, ["biometric_auth"] = true };
        Dictionary<string, JsonElement> setting = new() { ["file_upload.max_size"] = JsonDocument.Parse(" 5 ").RootElement };
        var first = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k", Features = one, Settings = setting });

        var again = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k", Features = other, Settings = setting });

        again.OperationId.ShouldBe(first.OperationId);
    }

    [Fact]
    public async Task Should_answer_the_same_after_the_operation_ended_and_the_plan_changed()
    {
        var first = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k", Isolation = "schema" });
        await EndAsync(first.OperationId, "completed", "active");
        await using (var change = Registry.CreateCommand("update plan_versions set definition = jsonb_set(definition, '{tiers}', '[\"database\"]') where name = 'enterprise'"))
            await change.ExecuteNonQueryAsync();

        (await AcceptedAsync(Command("acme") with { IdempotencyKey = "k", Isolation = "schema" })).OperationId.ShouldBe(first.OperationId);
    }

    [Fact]
    public async Task Should_refuse_it_for_another_command()
    {
        await AcceptedAsync(Command("acme") with { IdempotencyKey = "k" });
        var rows = await RowsAsync();

        var rejection = await RejectedAsync(Command("bolt") with { IdempotencyKey = "k" });

        rejection.Code.ShouldBe(RejectionCodes.IdempotencyKeyReused);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_refuse_it_when_any_field_differs()
    {
        var command = Command("acme") with
        {
            IdempotencyKey = "k", Domain = "acme.example", Subdomain = "acme", Isolation = "schema", Timezone = "UTC",
            Features = new Dictionary<string, bool> { ["biometric_auth"] = true }, Settings = new Dictionary<string, JsonElement>(),
        };
        var others = new Dictionary<string, ProvisionTenant>
        {
            [nameof(command.Name)] = command with { Name = "Acme Ltd" },
            [nameof(command.Slug)] = command with { Slug = "bolt" },
            [nameof(command.Plan)] = command with { Plan = "premium" },
            [nameof(command.AdminEmail)] = command with { AdminEmail = "bob@acme.com" },
            [nameof(command.Domain)] = command with { Domain = "acme.test" },
            [nameof(command.Subdomain)] = command with { Subdomain = "other" },
            [nameof(command.Isolation)] = command with { Isolation = "database" },
            [nameof(command.Region)] = command with { Region = "eu" },
            [nameof(command.Timezone)] = command with { Timezone = "Europe/Berlin" },
            [nameof(command.Features)] = command with { Features = new Dictionary<string, bool> { ["biometric_auth"] = false } },
            [nameof(command.Settings)] = command with { Settings = new Dictionary<string, JsonElement> { ["session.timeout"] = JsonElement.Parse("90") } },
            [nameof(command.MaxUsers)] = command with { MaxUsers = 5 },
            [nameof(command.MaxStorage)] = command with { MaxStorage = 5 },
            [nameof(command.Description)] = command with { Description = "Makes anvils." },
            [nameof(command.Phone)] = command with { Phone = "+493012345678" },
            [nameof(command.Pool)] = command with { Pool = new() { Maximum = 2 } },
            [nameof(command.ReadReplica)] = command with { ReadReplica = true },
            [nameof(command.AutoUpdate)] = command with { AutoUpdate = false },
            [nameof(command.MaintenanceWindow)] = command with { MaintenanceWindow = new() { Days = ["sunday"], Start = "02:00", DurationMinutes = 60 } },
        };
        others.Keys.Append(nameof(command.IdempotencyKey)).ShouldBe(typeof(ProvisionTenant).GetProperties().Select(p => p.Name), ignoreOrder: true);
        await AcceptedAsync(command);

        foreach (var (field, other) in others)
            (await RejectedAsync(other)).Code.ShouldBe(RejectionCodes.IdempotencyKeyReused, field);
    }

    [Fact]
    public async Task Should_keep_callers_apart()
    {
        var ada = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k" }, "ada");

        var bob = await AcceptedAsync(Command("bolt") with { IdempotencyKey = "k" }, "bob");

        bob.OperationId.ShouldNotBe(ada.OperationId);
    }

    [Fact]
    public async Task Should_not_spend_the_key_on_a_refusal()
    {
        (await RejectedAsync(Command("acme") with { IdempotencyKey = "k", Isolation = "row" })).Code.ShouldBe(RejectionCodes.Validation);

        (await AcceptedAsync(Command("acme") with { IdempotencyKey = "k" })).IsReplay.ShouldBeFalse();
    }
}
