namespace Saga.Registry.Leases;

/// <summary>
/// The lease under which the present flow of work may change external systems. Adapters ask before every call that changes
/// something, so that an attempt that is late does nothing, however long it slept. Connections look once more, without asking
/// anybody, right before the bytes leave. Outside an attempt there is no lease, and nothing is asked. Flows with the asynchronous
/// context.
/// </summary>
public static class LeaseGuard
{
    private static readonly AsyncLocal<Guarded?> Current = new();

    /// <summary>From here on, until the returned object is disposed, changes need this lease.</summary>
    /// <param name="registry">Is asked.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="stands">
    /// Whether the lease stands as far as this process knows: it must say no before the lease's time is over in the registry. Null to
    /// go on with what an outer guard of the same lease has.
    /// </param>
    public static IDisposable Enter(LeasedTransactions registry, StepLease lease, Func<bool>? stands = null)
    {
        var outer = Current.Value;
        Current.Value = new(registry, lease, stands ?? (outer?.Lease == lease ? outer.Stands : null));
        return new Scope(outer);
    }

    /// <summary>Suspends the check until the returned object is disposed, for removing things that only this attempt has created and knows.</summary>
    public static IDisposable Leave()
    {
        var outer = Current.Value;
        Current.Value = null;
        return new Scope(outer);
    }

    /// <exception cref="LeaseLostException">The attempt must not change anything any more.</exception>
    public static Task RequireAsync(CancellationToken cancellationToken) =>
        Current.Value is { } guarded ? guarded.Registry.RequireAsync(guarded.Lease, cancellationToken) : Task.CompletedTask;

    /// <summary>
    /// The last look, by this process's own clock: nothing may lie between it and the call. A process that was frozen after it asked
    /// the registry is stopped here when it wakes.
    /// </summary>
    /// <exception cref="LeaseLostException">The lease's time may be over.</exception>
    public static void RequireStanding()
    {
        if (Current.Value is { Stands: { } stands } guarded && !stands())
            throw new LeaseLostException(guarded.Lease);
    }

    private sealed record Guarded(LeasedTransactions Registry, StepLease Lease, Func<bool>? Stands);

    private sealed class Scope(Guarded? outer) : IDisposable
    {
        public void Dispose() => Current.Value = outer;
    }
}
