namespace Saga.Contracts;

/// <summary>
/// The names of the queues that others may send to. They never change: on RabbitMQ each is an exchange. The queue behind it
/// has a versioned name of its own, since the arguments of a queue that exists cannot be changed.
/// </summary>
public static class Endpoints
{
    /// <summary>Takes lifecycle commands, such as <see cref="Commands.ProvisionTenant"/>.</summary>
    public const string Commands = "saga-commands";

    /// <summary>Takes what moves an operation on: step results, due timers.</summary>
    public const string Operations = "saga-operations";

    /// <summary>Takes messages that could not be consumed: <see cref="DeadLetters.DeadLetter"/>.</summary>
    public const string DeadLetters = "saga-dead-letters";

    // A change of a queue's arguments needs a new suffix. The old queues are emptied into the new ones and deleted.
    private const string Version = ".v2";

    private const string WorkerPrefix = "saga-worker-";

    /// <summary>The queue of the worker of one resource, such as <c>saga-worker-database</c>.</summary>
    public static string Worker(string resource) => WorkerPrefix + resource;

    /// <summary>The queue of the same worker's compensations, such as <c>saga-worker-database-undo</c>: they do not wait behind steps.</summary>
    public static string WorkerUndo(string resource) => $"{WorkerPrefix}{resource}-undo";

    /// <summary>Whether steps are sent to the queue.</summary>
    public static bool IsWorker(string queue) => queue.StartsWith(WorkerPrefix, StringComparison.Ordinal);

    /// <summary>The queue that today's version of an endpoint has on RabbitMQ, such as <c>saga-commands.v2</c>.</summary>
    public static string QueueOf(string endpoint) => endpoint + Version;

    /// <summary>The endpoint that a queue belongs to, whatever its version.</summary>
    public static string OfQueue(string queue) => queue.EndsWith(Version, StringComparison.Ordinal) ? queue[..^Version.Length] : queue;
}
