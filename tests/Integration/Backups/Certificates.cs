using Saga.Contracts.Deletion;
using Saga.Contracts.Identifiers;

namespace Saga.Tests.Integration.Backups;

/// <summary>Deletion certificates of tenants of which nothing was there.</summary>
internal static class Certificates
{
    public static DeletionCertificate Of(TenantId tenant, Guid removal) => new()
    {
        TenantId = tenant,
        Slug = Slug.Parse("acme"),
        Name = "Acme",
        Plan = "basic",
        Isolation = IsolationTier.Row,
        CreatedAt = DateTimeOffset.UnixEpoch,
        RequestedBy = "ada",
        RequestedAt = DateTimeOffset.UnixEpoch,
        GraceDays = 0,
        RequestOperationId = Guid.Empty,
        BegunAt = DateTimeOffset.UnixEpoch,
        DeletedAt = DateTimeOffset.UnixEpoch,
        OperationId = removal,
        Removed = [],
        Registry = new Dictionary<string, long>(StringComparer.Ordinal),
        Kept = new(0, 0),
        SealingKey = new(false, null, DateTimeOffset.UnixEpoch),
        Reserved = new(Slug.Parse("acme"), "acme", [], DateTimeOffset.UnixEpoch),
    };
}
