using System.Text.Json;
using Saga.Registry.Backups;
using Saga.Registry.Recovery;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Schedule;

public sealed class When_the_registry_comes_from_a_backup
{
    [Fact]
    public async Task Should_put_off_what_is_due_and_still_wait_for_approvals()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync(
            """
            insert into scheduled_commands (id, kind, command, run_at, expires_at, needs_approval, approved_by, approved_at, requested_by, created_at, next_try_at)
            select gen_random_uuid(), v.name, '{}', now() - interval '2 hours', now() + interval '1 day', v.guarded, v.approved_by, case when v.approved_by is not null then now() end,
                'ada', now() - interval '1 day', case when v.guarded and v.approved_by is null then now() + interval '1 day' else now() - interval '2 hours' end
            from (values ('approved', true, 'grace'), ('guarded', true, null), ('plain', false, null)) v(name, guarded, approved_by)
            """);

        await new RegistryRecovery(registry).FinishAsync(
            Guid.CreateVersion7(), new StoredManifest(JsonElement.Parse("""{"snapshotAt":"2026-01-02T03:04:05Z","schemaVersion":1,"masterKeyIds":[]}"""), "manifest", [1]), 1, TimeSpan.FromHours(1), default);

        (await registry.ScalarAsync<string>(
            "select string_agg(kind || case when next_try_at = run_at then ' runs' when next_try_at = expires_at then ' expires' end, ', ' order by kind) from scheduled_commands where run_at > now()"))
            .ShouldBe("approved runs, guarded expires, plain runs");
    }
}
