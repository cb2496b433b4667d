using System.Globalization;
using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>Whether a tenant may be updated as a command asks. Pure.</summary>
internal static class UpdateGuard
{
    /// <returns>The rejection; null when it may.</returns>
    public static OperationRejected? Check(ValidUpdate input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } status)
            return status;
        // A tenant that is suspended may be updated: it may have to change its address to be found. One that is being deleted or moved may not.
        if (tenant.Holds.FirstOrDefault(h => h.Code is HoldCode.Deletion or HoldCode.Move or HoldCode.Restore) is { } hold)
        {
            return new()
            {
                Code = RejectionCodes.TenantState,
                Detail = $"Tenant '{tenant.Slug}' has the hold {JsonNamingPolicy.CamelCase.ConvertName(hold.Code.ToString())}, set by {hold.Actor}: {hold.Reason} Wait until it is lifted.",
            };
        }

        if (input.Version is not { } version)
        {
            return new()
            {
                Code = RejectionCodes.VersionRequired,
                Detail = "An update needs the version of the tenant that it is based on, so that it cannot undo somebody else's. Over HTTP send the ETag of GET /api/v1/tenants/{idOrSlug} as If-Match; on the bus send its version.",
            };
        }

        if (version != tenant.Version || input.Change is not { } change)
        {
            return new()
            {
                Code = RejectionCodes.VersionStale,
                Detail = string.Create(CultureInfo.InvariantCulture, $"Tenant '{tenant.Slug}' has version {tenant.Version}, and the update is based on version {version}. Read the tenant again and decide whether the update still makes sense."),
            };
        }

        return Region(input, change) ?? (change.TurnsReplica == true ? Replica(input, tenant) : null);
    }

    // The new login is tried, which a closed tenant refuses.
    private static OperationRejected? Replica(ValidUpdate input, Tenant tenant)
    {
        if (TenantGuard.RequireOpen(tenant) is { } held)
            return held;
        return input.Servers.Any(s => s.Name == tenant.Placement?.Server && s.HasReplica) ? null : new()
        {
            Code = RejectionCodes.NoReplica,
            Detail = $"Database server '{tenant.Placement?.Server}' of tenant '{tenant.Slug}' has no read replica. Declare one for it, or move the tenant to a server that has one.",
            Errors = [new("/readReplica", "must be false, because the tenant's server has no read replica")],
        };
    }

    // The region is for later placements, so a server that is full does not matter.
    private static OperationRejected? Region(ValidUpdate input, TenantChange change)
    {
        if (change.NewText(TenantField.Region) is not { } region || input.Servers.Any(s => s.Region == region))
            return null;
        var regions = input.Servers.Select(s => s.Region).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new()
        {
            Code = RejectionCodes.NoServer,
            Detail = $"No database server is in region '{region}'.",
            Errors = [new("/region", regions.Count == 0 ? "no region has a server" : $"must be one of {string.Join(", ", regions)}")],
        };
    }
}
