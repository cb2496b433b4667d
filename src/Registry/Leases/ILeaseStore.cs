using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Registry.Leases;

/// <summary>
/// Who works on which dispatch. A lease is taken under the newest fence of its step only, and once under each; it ends by the
/// registry's clock unless it is renewed. Thread-safe.
/// </summary>
public interface ILeaseStore
{
    /// <summary>Tries to take one lease, and loads the tenant, if there is one. Waits while another transaction has the step's row locked.</summary>
    Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(LeaseRequest request, TenantId? tenantId, TimeSpan span, CancellationToken cancellationToken);

    /// <summary>
    /// Whether the lease is held now: its dispatch is the newest and has no result, and it has not ended. Nothing is locked, so the
    /// answer is of this moment only.
    /// </summary>
    Task<bool> HoldsAsync(StepLease lease, CancellationToken cancellationToken);

    /// <summary>What one loop keeps for itself, such as a connection. Nothing is opened before the first call.</summary>
    /// <param name="waitsForDisk">False: what is done is answered before it is on disk, and a crash of the server may forget it.</param>
    ILeaseSession OpenSession(bool waitsForDisk);
}

/// <summary>For one caller at a time. After an error the session may be used again.</summary>
public interface ILeaseSession : IAsyncDisposable
{
    /// <summary>
    /// Tries to take leases of different steps, and loads their tenants. A step whose row another transaction has locked is left
    /// out of the answer, and so is one that is not there.
    /// </summary>
    Task<TakenLeases> TakeAsync(
        IReadOnlyList<LeaseRequest> requests, IReadOnlyList<TenantId> tenantIds, TimeSpan span, CancellationToken cancellationToken);

    /// <summary>Renews leases that are still held, of dispatches that are still the newest and have no result.</summary>
    /// <returns>The holders whose lease was renewed.</returns>
    Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyList<StepLease> leases, TimeSpan span, CancellationToken cancellationToken);

    /// <summary>Gives back what is still held; another's lease stays.</summary>
    /// <param name="leases">What ends.</param>
    /// <param name="unreported">Of these the dispatch has no report: it counts as not taken, and is due to be sent again at once.</param>
    /// <param name="cancellationToken">Cancels the release.</param>
    Task ReleaseAsync(IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> unreported, CancellationToken cancellationToken);
}

/// <summary>What a take of several leases got.</summary>
public sealed record TakenLeases(IReadOnlyDictionary<Guid, LeaseReply> ByHolder, IReadOnlyDictionary<TenantId, Tenant> Tenants)
{
    /// <summary>Tenants that this version cannot read, and why.</summary>
    public IReadOnlyDictionary<TenantId, string> Unreadable { get; init; } = new Dictionary<TenantId, string>();
}
