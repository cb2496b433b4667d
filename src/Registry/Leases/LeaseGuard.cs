namespace Saga.Registry.Leases;

/// <summary>
/// The lease under which the current async flow may change external systems. Adapters check it before every call that changes
/// something, so that a late attempt does nothing, however long it was paused. Connections check once more, without a call to the
/// registry, right before bytes are sent. Outside an attempt there is no lease and no check. Flows with the async context.
/// </summary>
public static class LeaseGuard
{
    private static readonly AsyncLocal<Guarded?> Current = new();

    /// <summary>Changes require this lease until the returned object is disposed.</summary>
    /// <param name="registry">Checks the lease in the registry.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="stands">
    /// Whether the lease is valid as far as this process knows. It must return false before the lease ends in the registry. Null to use
    /// the function of an outer guard of the same lease.
    /// </param>
    public static IDisposable Enter(ILeaseCheck registry, StepLease lease, Func<bool>? stands = null)
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
    /// The last check, by this process's own clock, made immediately before the call. It stops a process that was frozen after its
    /// check in the registry.
    /// </summary>
    /// <exception cref="LeaseLostException">The lease's time may be over.</exception>
    public static void RequireStanding()
    {
        if (Current.Value is { Stands: { } stands } guarded && !stands())
            throw new LeaseLostException(guarded.Lease);
    }

    private sealed record Guarded(ILeaseCheck Registry, StepLease Lease, Func<bool>? Stands);

    private sealed class Scope(Guarded? outer) : IDisposable
    {
        public void Dispose() => Current.Value = outer;
    }
}
