using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Schedule;

namespace Saga.Registry.Exports;

/// <summary>The scheduled commands that remove exports' files. Commit their statements with the change that they follow from.</summary>
public static class ExportRemovals
{
    /// <summary>The kind of the operations that remove a file.</summary>
    public const string Kind = "remove-export";

    public static IReadOnlyList<NpgsqlBatchCommand> ScheduleCommands(TenantId tenant, Guid export, Guid operation, DateTimeOffset at, DateTimeOffset now) =>
        ScheduleStore.AddCommands(ScheduledCommand.FollowUp(Kind, tenant, new RemoveExport { TenantId = tenant, ExportId = export }, operation, at, now));

    /// <summary>Cancels the removals of a tenant's exports, whose files were removed with the tenant.</summary>
    public static NpgsqlBatchCommand CancelAllCommand(TenantId tenant, Guid operation) =>
        ScheduleStore.CancelCommand(Kind, tenant, "tenantId", tenant.ToString(), $"operation:{operation:d}", "The files were removed with the tenant.");

    /// <summary>Cancels the removal of an export that was undone.</summary>
    public static NpgsqlBatchCommand CancelCommand(TenantId tenant, Guid export, Guid operation) =>
        ScheduleStore.CancelCommand(Kind, tenant, "exportId", export.ToString(), $"operation:{operation:d}", "The export was undone.");
}
