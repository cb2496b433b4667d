namespace Saga.Orchestrator.Persistence;

/// <summary>The transaction failed that a transition shared with others. Alone it may succeed.</summary>
internal sealed class SharedTransactionException(Exception cause) : Exception($"A shared transaction failed: {cause.Message}", cause);
