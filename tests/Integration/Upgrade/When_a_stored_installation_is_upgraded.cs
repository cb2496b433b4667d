using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Waits;
using Saga.Lifecycle.Intake;
using Saga.Registry.Waits;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>
/// All processes of an earlier version died while operations of many commands were under way, and the programs of this version start with its registry,
/// places, objects and backups. The steps are real. <see cref="When_an_installation_is_stored"/> made the file.
/// </summary>
public sealed class When_a_stored_installation_is_upgraded
{
    [Theory]
    [InlineData("b1d46cf")]
    public async Task Should_end_every_operation_in_the_workflow_of_then(string version)
    {
        await using var installation = await StoredInstallation.UnpackAsync(version);
        var underWay = await UnderWayAsync(installation);
        underWay.Length.ShouldBe(13);
        var workflows = await WorkflowsAsync(installation, underWay);
        await installation.MigrateAsync();
        var host = await installation.RunAsync();
        try
        {
            await ApproveAsync(installation, host);

            await EndsAsync(installation, "provisioned", "provision", "completed");
            await EndsAsync(installation, "cancelled", "provision", "cancelled");
            await EndsAsync(installation, "suspended", "suspend", "completed");
            await EndsAsync(installation, "reactivated", "reactivate", "completed");
            await EndsAsync(installation, "updated", "update", "completed");
            await EndsAsync(installation, "copying", "migrate", "completed");
            await EndsAsync(installation, "switched", "migrate", "completed");
            await EndsAsync(installation, "backed-up", "backup", "completed");
            await EndsAsync(installation, "restored", "restore", "completed");
            await EndsAsync(installation, "removed", "remove", "completed");
            await EndsAsync(installation, "rotated", "rotateCredentials", "completed");
            await EndsAsync(installation, "verified", "verify", "completed");
            await EndsAsync(installation, "exported", "export", "completed");
            await RemoveAsync(installation, "leaving");
            await Until.TrueAsync(async () => await installation.ScalarAsync<long>("select count(*) from outbox") == 0, "every message leaves the outbox");
            (await WorkflowsAsync(installation, underWay)).ShouldBe(workflows, "the definitions stay as they were stored");
            (await StrayedAsync(installation, underWay)).ShouldBeNull("those that are completed ran the steps of their definitions");
            await RequireAsync(installation, host);
        }
        finally
        {
            await ProvisioningHost.EndAsync(host);
        }
    }

    private static async Task RequireAsync(StoredInstallation installation, IHost host)
    {
        (await TenantAsync(installation, "cancelled")).ShouldBe("failed");
        (await TenantAsync(installation, "removed")).ShouldBe("deprovisioned");
        (await TenantAsync(installation, "leaving")).ShouldBe("deprovisioned");
        (await TenantAsync(installation, "copying")).ShouldBe("active premium schema");
        (await TenantAsync(installation, "switched")).ShouldBe("active enterprise database");
        (await installation.ScalarAsync<string>("select name || ' ' || admin_email from tenants where slug = 'updated'")).ShouldBe("Updated Ltd new@updated.example");
        (await installation.ScalarAsync<string>("select string_agg(slug || ' ' || code || ' ' || effect, ', ') from holds join tenants on id = tenant_id")).ShouldBe("suspended abuse closed");
        (await installation.ScalarAsync<string>("select output ->> 'account' from operation_steps where step = @StepName", new { StoredStep.StepName })).ShouldBe("exported");
        (await installation.ScalarAsync<string>("select string_agg(slug || ' ' || b.state, ', ' order by slug) from backups b join tenants t on t.id = tenant_id"))
            .ShouldBe("backed-up completed, leaving completed, restored completed");
        (await installation.ScalarAsync<string>("select string_agg(slug, ' ' order by slug) from deletion_certificates join tenants on id = tenant_id")).ShouldBe("leaving removed");
        (await installation.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
        foreach (var slug in (string[])["suspended", "reactivated", "updated", "copying", "switched", "backed-up", "restored", "rotated", "verified", "exported"])
            (await StoredRows.CountAsync(installation, slug)).ShouldBe($"{StoredRows.Users} {StoredRows.Users * StoredRows.DocumentsEach}", slug);

        // Everything outside is as the registry says.
        foreach (var slug in (string[])["provisioned", "reactivated", "updated", "copying", "switched", "backed-up", "restored", "rotated", "verified", "exported"])
        {
            var operation = ((CommandAccepted)await AnyCommand.Of(new VerifyTenant { TenantId = await IdAsync(installation, slug) }, $"verify-{slug}").SubmitAsync(host.Services)).OperationId;
            await Until.TrueAsync(
                async () => await installation.ScalarAsync<string>("select output ->> 'passed' from operation_steps where operation_id = @operation and status = 'succeeded'", new { operation }) is { } passed
                    && (passed == "true" ? true : throw new InvalidOperationException($"{slug} does not pass its verification.")),
                $"{slug} passes its verification", TimeSpan.FromSeconds(60));
        }

        await using var server = await installation.OpenAsync("postgres");
        foreach (var slug in (string[])["cancelled", "removed", "leaving"])
        {
            var tenant = (await IdAsync(installation, slug)).Compact;
            (await server.QueryAsync<string>("select rolname from pg_roles where rolname like 't\\_' || @tenant || '%' union all select datname from pg_database where datname like '%' || @tenant || '%'", new { tenant }))
                .ShouldBeEmpty(slug);
        }
    }

    // The grace period is over, and today's programs remove what the earlier version closed.
    private static async Task RemoveAsync(StoredInstallation installation, string slug)
    {
        await installation.ScalarAsync<int>(
            "update scheduled_commands set run_at = now(), next_try_at = now() where kind = 'remove' and tenant_id = @Value", new { (await IdAsync(installation, slug)).Value });
        await EndsAsync(installation, slug, "remove", "completed");
    }

    private static async Task ApproveAsync(StoredInstallation installation, IHost host)
    {
        var operation = await installation.ScalarAsync<Guid>("select id from operations where kind = 'export'");
        var answer = new WaitAnswer { Kind = WaitAnswerKind.Approved, By = "ada", At = default };
        (await host.Services.GetRequiredService<IWaitStore>().AnswerAsync(operation, new() { Answer = answer }, CancellationToken.None)).ShouldBeOfType<WaitMatch.Found>();
    }

    private static async Task<TenantId> IdAsync(StoredInstallation installation, string slug) => new(await installation.ScalarAsync<Guid>("select id from tenants where slug = @slug", new { slug }));

    private static Task<string?> TenantAsync(StoredInstallation installation, string slug) => installation.ScalarAsync<string>(
        "select concat_ws(' ', status, case when status = 'active' then plan || ' ' || tier end) from tenants where slug = @slug", new { slug });

    private static async Task<Guid[]> UnderWayAsync(StoredInstallation installation) =>
        (await installation.ScalarAsync<Guid[]>("select array_agg(id) from operations where finished_at is null"))!;

    private static Task<string?> WorkflowsAsync(StoredInstallation installation, Guid[] operations) => installation.ScalarAsync<string>(
        """
        select string_agg(concat_ws(' ', o.kind, t.slug, w.version, md5(w.definition::text)), E'\n' order by o.id)
        from operations o join tenants t on t.id = o.tenant_id join workflows w on w.digest = o.workflow_digest where o.id = any(@operations)
        """,
        new { operations });

    // The operations that ran others than the steps that were stored.
    private static Task<string?> StrayedAsync(StoredInstallation installation, Guid[] operations) => installation.ScalarAsync<string>(
        """
        select string_agg(o.kind || ' ' || t.slug, ', ') from operations o join tenants t on t.id = o.tenant_id join workflows w on w.digest = o.workflow_digest
        where o.id = any(@operations) and o.state = 'completed'
          and array(select s ->> 'name' from jsonb_array_elements(w.definition -> 'steps') s order by 1)
              <> array(select step from operation_steps where operation_id = o.id and status = 'succeeded' order by 1)
        """,
        new { operations });

    private static async Task EndsAsync(StoredInstallation installation, string slug, string kind, string state)
    {
        string? found = null;
        try
        {
            await Until.TrueAsync(
                async () => (found = await installation.ScalarAsync<string>(
                    "select o.state from operations o join tenants t on t.id = o.tenant_id where t.slug = @slug and o.kind = @kind and (o.kind <> 'backup' or o.created_at = (select max(created_at) from operations where tenant_id = t.id and kind = @kind))",
                    new { slug, kind })) is "completed" or "compensated" or "cancelled" or "stalled",
                $"{kind} of {slug} ends", TimeSpan.FromSeconds(90));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message} It is {found}.\n{await StoryAsync(installation, slug, kind)}", error);
        }

        found.ShouldBe(state, await StoryAsync(installation, slug, kind));
    }

    private static Task<string?> StoryAsync(StoredInstallation installation, string slug, string kind) => installation.ScalarAsync<string>(
        """
        select string_agg(concat_ws(' ', to_char(at, 'HH24:MI:SS.MS'), event, step, 'attempt ' || attempt, 'fence ' || fence, left(data::text, 300)), E'\n' order by h.id)
        from operation_history h join operations o on o.id = operation_id join tenants t on t.id = o.tenant_id where slug = @slug and kind = @kind
        """,
        new { slug, kind });
}
