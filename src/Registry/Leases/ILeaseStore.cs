using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Registry.Leases;

/// <summary>
/// Records which worker works on which dispatch. A lease can be taken only under the newest fencing token of its step, and only once
/// under each. It ends by the registry's clock unless it is renewed. Thread-safe.
/// </summary>
public interface ILeaseStore
{
    /// <summary>Tries to take one lease, and loads the tenant if there is one. Waits while another transaction has the step's row locked.</summary>
    Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(LeaseRequest request, TenantId? tenantId, TimeSpan span, CancellationToken cancellationToken);

    /// <summary>
    /// Whether the lease is valid now: its dispatch is the newest and has no result, and the lease has not ended. Nothing is locked, so
    /// the answer is valid only for this moment.
    /// </summary>
    Task<bool> HoldsAsync(StepLease lease, CancellationToken cancellationToken);

    /// <summary>Opens a session for one loop, with its own resources such as a connection. Nothing is opened before the first call.</summary>
    /// <param name="waitsForDisk">If false, calls return before their changes are on disk, and a crash of the server may lose them.</param>
    ILeaseSession OpenSession(bool waitsForDisk);
}

/// <summary>For one caller at a time. After an error the session may be used again.</summary>
public interface ILeaseSession : IAsyncDisposable
{
    /// <summary>
    /// Tries to take leases of different steps, and loads their tenants. The result omits steps that do not exist, and steps whose row
    /// another transaction has locked.
    /// </summary>
    Task<TakenLeases> TakeAsync(
        IReadOnlyList<LeaseRequest> requests, IReadOnlyList<TenantId> tenantIds, TimeSpan span, CancellationToken cancellationToken);

    /// <summary>
    /// Renews leases that are still valid, of dispatches that are still the newest and have no result. A row that another transaction
    /// has locked does not delay the others.
    /// </summary>
    /// <param name="leases">The leases to renew.</param>
    /// <param name="reporting">
    /// Those whose work is done and whose report waits for the broker. Their attempt does not end by time until twice the span from now.
    /// </param>
    /// <param name="span">How long they last from now.</param>
    /// <param name="patience">How long to wait for locked rows; zero to leave them out at once. If it was too short, none is renewed.</param>
    /// <param name="cancellationToken">Cancels the renewal.</param>
    /// <param name="progress">
    /// What some of them report. It is written without a transition. Progress moves the end of an attempt that ends without progress.
    /// </param>
    Task<RenewedLeases> RenewAsync(
        IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> reporting, TimeSpan span, TimeSpan patience, CancellationToken cancellationToken,
        IReadOnlyDictionary<StepLease, LeaseProgress>? progress = null);

    /// <summary>Releases leases that are still held. Leases of other holders stay.</summary>
    /// <param name="leases">The leases to release.</param>
    /// <param name="unreported">Those whose dispatch has no report: it counts as not taken, and is due to be sent again at once.</param>
    /// <param name="cancellationToken">Cancels the release.</param>
    /// <returns>The holders whose row another transaction has locked. Their leases remain, and may be released again later.</returns>
    Task<IReadOnlySet<Guid>> ReleaseAsync(IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> unreported, CancellationToken cancellationToken);
}

/// <summary>The result of taking several leases.</summary>
public sealed record TakenLeases(IReadOnlyDictionary<Guid, LeaseReply> ByHolder, IReadOnlyDictionary<TenantId, Tenant> Tenants)
{
    /// <summary>Tenants that this version cannot read, and why.</summary>
    public IReadOnlyDictionary<TenantId, string> Unreadable { get; init; } = new Dictionary<TenantId, string>();
}
