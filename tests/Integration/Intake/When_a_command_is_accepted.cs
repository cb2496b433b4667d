using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Provision;
using Saga.Registry.Notifications;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_command_is_accepted : IntakeTest
{
    [Fact]
    public async Task Should_write_the_tenant_as_validated()
    {
        var accepted = await AcceptedAsync(Command("acme") with
        {
            Name = " Acme ", Domain = "BÜCHER.example", AdminEmail = "ada@ACME.com", Isolation = "schema", Region = "eu",
            Timezone = "Europe/Berlin", Features = new Dictionary<string, bool> { ["biometric_auth"] = false },
            Settings = new Dictionary<string, JsonElement> { ["file_upload.max_size"] = JsonDocument.Parse("5").RootElement },
        });

        var tenant = (await new TenantStore(Registry).FindAsync(accepted.TenantId!.Value))!;
        (tenant.Name, tenant.Slug.ToString(), tenant.Plan, tenant.Tier, tenant.Status, tenant.Domain, tenant.Subdomain, tenant.AdminEmail, tenant.Region, tenant.Timezone)
            .ShouldBe(("Acme", "acme", "enterprise", IsolationTier.Schema, TenantStatus.Provisioning, "xn--bcher-kva.example", "acme", "ada@acme.com", "eu", "Europe/Berlin"));
        tenant.Features.ShouldHaveSingleItem().ShouldBe(new("biometric_auth", false));
        tenant.Settings.ShouldHaveSingleItem().Value.GetInt32().ShouldBe(5);
        tenant.Id.Value.Version.ShouldBe(7);
    }

    [Fact]
    public async Task Should_write_operation_history_and_audit_with_it()
    {
        var accepted = await AcceptedAsync(Command("acme") with { IdempotencyKey = "k1" });

        var id = accepted.OperationId;
        (await QueryAsync<string>($"select kind || ' ' || state || ' ' || requested_by from operations where id = '{id}' and tenant_id = '{accepted.TenantId}'"))
            .ShouldBe("provision accepted ada");
        (await QueryAsync<string>($"select input->>'slug' || coalesce(input->>'idempotencyKey', '') from operations where id = '{id}'")).ShouldBe("acme");
        (await QueryAsync<string>($"select event from operation_history where operation_id = '{id}'")).ShouldBe("accepted");
        (await QueryAsync<string>($"select actor || ' ' || action || ' ' || (detail->>'tier') from audit where operation_id = '{id}'")).ShouldBe("ada tenant.provision database");
        (await QueryAsync<string>($"select slot || coalesce(next_due_at::text, '') from operations where id = '{id}'")).ShouldBe("queued", "the admitter wakes it");
        (await QueryAsync<long>("select count(*) from outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_the_workflow_once_under_its_digest()
    {
        await AcceptedAsync(Command("acme"));
        await AcceptedAsync(Command("bolt"));

        (await QueryAsync<long>("select count(*) from workflows")).ShouldBe(1);
        var definition = JsonSerializer.Deserialize<WorkflowDefinition>(await QueryAsync<string>("select definition::text from workflows"), Json.Options)!;
        definition.Validated().Steps.Select(s => (s.Name, s.AttemptTimeout)).ShouldBe(ProvisionWorkflow.Definition.Steps.Select(s => (s.Name, s.AttemptTimeout)));
        (await QueryAsync<string>("select digest from workflows")).Length.ShouldBe(64);
    }

    [Fact]
    public async Task Should_write_the_trace_it_is_part_of()
    {
        using var activity = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();

        await AcceptedAsync(Command("acme"));

        var here = $"00-{activity.TraceId}-{activity.SpanId}-00";
        (await QueryAsync<string>("select traceparent from operations")).ShouldBe(here, "the wake-up belongs to this trace");
    }

    [Fact]
    public async Task Should_write_no_trace_where_there_is_none()
    {
        Activity.Current = null;

        await AcceptedAsync(Command("acme"));

        (await QueryAsync<bool>("select traceparent is null from operations")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_wake_the_relay()
    {
        await using var listener = await Registry.OpenConnectionAsync();
        await using (var listen = new NpgsqlCommand($"listen {RegistryChannels.Outbox}", listener))
            await listen.ExecuteNonQueryAsync();

        await AcceptedAsync(Command("acme"));

        (await listener.WaitAsync(WaitLimit.Seconds(10))).ShouldBeTrue();
    }
}
