using System.Globalization;
using System.Text.Json;
using Saga.Api.Operations;
using Saga.Api.Requests;
using Saga.Api.Tenants;
using Saga.Client;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;

namespace Saga.Host.Demo;

/// <summary>The tenant <c>demo</c>, provisioned through the API like any other tenant.</summary>
internal sealed class DemoTenant(ApiClient api, IStepDisplay display, TextWriter output)
{
    private const string Tenant = "/api/v1/tenants/" + DemoOptions.Slug;

    /// <returns>The tenant if it is active; null if its operation ended differently.</returns>
    public async Task<TenantView?> EnsureAsync(CancellationToken cancellationToken)
    {
        var tenant = await api.GetAsync<TenantView>(Tenant, cancellationToken);
        if (tenant is { Status: not (TenantStatus.Provisioning or TenantStatus.Failed or TenantStatus.Deprovisioned) })
        {
            await output.WriteLineAsync($"The tenant '{DemoOptions.Slug}' exists and is {JsonNamingPolicy.CamelCase.ConvertName(tenant.Status.ToString())}.");
            return tenant;
        }

        var operation = await BeginAsync(cancellationToken);
        await display.ShowAsync(async show =>
        {
            show(operation);
            await foreach (var happened in api.FollowAsync(operation.Events, cancellationToken))
            {
                show(operation = await ReadAsync(operation.Id, cancellationToken));
                if (happened is HistoryEvents.Stalled)
                    break;
            }
        });
        operation = await ReadAsync(operation.Id, cancellationToken);
        if (operation.State != OperationStateNames.Of(OperationState.Completed))
        {
            await output.WriteLineAsync(
                $"The operation {operation.Id} is {operation.StoredState ?? operation.State}: {operation.Failure?.Message} {operation.Failure?.Remedy}");
            return null;
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"The tenant '{DemoOptions.Slug}' is active after {(operation.FinishedAt - operation.CreatedAt)?.TotalSeconds:0.0} s."));
        return await api.GetAsync<TenantView>(Tenant, cancellationToken);
    }

    private async Task<OperationView> BeginAsync(CancellationToken cancellationToken)
    {
        var earlier = (await api.GetAsync<PageView<OperationSummaryView>>("/api/v1/operations?tenant=" + DemoOptions.Slug, cancellationToken))!.Items;
        if (earlier.FirstOrDefault(o => o.FinishedAt is null) is { } unfinished)
        {
            await output.WriteLineAsync($"Resuming the operation {unfinished.Id}.");
            return await ReadAsync(unfinished.Id, cancellationToken);
        }

        await output.WriteLineAsync($"Provisioning the tenant '{DemoOptions.Slug}' (POST /api/v1/tenants)");
        var tenant = new { name = "Demo", slug = DemoOptions.Slug, plan = "enterprise", adminEmail = "admin@demo.example" };
        // Each try has a new key, because the same key would return the failed operation.
        return await api.SubmitAsync<OperationView>("/api/v1/tenants", tenant, string.Create(CultureInfo.InvariantCulture, $"demo-{earlier.Count + 1}"), cancellationToken);
    }

    private async Task<OperationView> ReadAsync(Guid id, CancellationToken cancellationToken) =>
        (await api.GetAsync<OperationView>($"/api/v1/operations/{id}", cancellationToken))!;
}
