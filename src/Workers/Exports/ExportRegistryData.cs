using System.Text.Json;
using Saga.Registry.Exports;
using Saga.Registry.Leases;

namespace Saga.Workers.Exports;

/// <summary>Writes what the registry has of the tenant: its settings without sealed values, and its lines of the audit log.</summary>
internal sealed class ExportRegistryData(ExportContents contents, LeasedTransactions leases)
{
    private static readonly ExportedField[] SettingFields = [new("section", "text"), new("key", "text"), new("value", "json"), new("encrypted", "boolean")];

    private static readonly ExportedField[] LineFields =
        [new("id", "integer"), new("at", "time"), new("actor", "text"), new("action", "text"), new("operationId", "uuid"), new("detail", "json")];

    public async Task WriteSettingsAsync(ExportDraft draft, CancellationToken cancellationToken)
    {
        IReadOnlyList<ExportedSetting> settings;
        await using (var transaction = await leases.BeginAsync(draft.Context.Lease, cancellationToken))
            settings = await ExportContents.SettingsAsync(transaction, draft.Context.TenantId, cancellationToken);
        await draft.AddRecordsAsync(
            "settings/tenant", "settings", "The tenant, its plan, its domains and its settings. Encrypted values are named only.", SettingFields,
            async records =>
            {
                foreach (var setting in settings)
                    await records.AddAsync([setting.Section, setting.Key, setting.Value is null ? null : JsonElement.Parse(setting.Value), setting.Encrypted], cancellationToken);
            },
            cancellationToken);
    }

    public Task WriteAuditAsync(ExportDraft draft, CancellationToken cancellationToken) => draft.AddRecordsAsync(
        "audit_logs/platform", "audit_logs", "What was done with the tenant in the platform, and by whom.", LineFields,
        async records =>
        {
            await foreach (var line in contents.AuditAsync(draft.Export.Id, cancellationToken))
            {
                await records.AddAsync([line.Id, line.At, line.Actor, line.Action, line.OperationId, line.Detail], cancellationToken);
                draft.Context.Report(records.Count, unit: "lines", words: "exporting the audit log");
            }
        },
        cancellationToken);
}
