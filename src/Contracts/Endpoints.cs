namespace Saga.Contracts;

/// <summary>The names of the queues that others may send to. They never change.</summary>
public static class Endpoints
{
    /// <summary>Takes lifecycle commands, such as <see cref="Commands.ProvisionTenant"/>.</summary>
    public const string Commands = "saga-commands";

    /// <summary>Takes what moves an operation on: step results, due timers.</summary>
    public const string Operations = "saga-operations";

    /// <summary>The queue of the worker of one resource, such as <c>saga-worker-database</c>.</summary>
    public static string Worker(string resource) => $"saga-worker-{resource}";
}
