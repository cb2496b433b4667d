namespace Saga.Registry.Leases;

/// <summary>
/// The lease under which the present flow of work may change external systems. Adapters ask before every call that changes
/// something, so that an attempt that is late does nothing, however long it slept. Outside an attempt there is no lease, and
/// nothing is asked. Flows with the asynchronous context.
/// </summary>
public static class LeaseGuard
{
    private static readonly AsyncLocal<Guarded?> Current = new();

    /// <summary>From here on, until the returned object is disposed, changes need this lease.</summary>
    public static IDisposable Enter(LeasedTransactions registry, StepLease lease)
    {
        var outer = Current.Value;
        Current.Value = new(registry, lease);
        return new Scope(outer);
    }

    /// <summary>Until the returned object is disposed, nothing is asked: for removing what nobody but this attempt made or knows.</summary>
    public static IDisposable Leave()
    {
        var outer = Current.Value;
        Current.Value = null;
        return new Scope(outer);
    }

    /// <exception cref="LeaseLostException">The attempt may not change anything any more.</exception>
    public static Task RequireAsync(CancellationToken cancellationToken) =>
        Current.Value is { } guarded ? guarded.Registry.RequireAsync(guarded.Lease, cancellationToken) : Task.CompletedTask;

    private sealed record Guarded(LeasedTransactions Registry, StepLease Lease);

    private sealed class Scope(Guarded? outer) : IDisposable
    {
        public void Dispose() => Current.Value = outer;
    }
}
