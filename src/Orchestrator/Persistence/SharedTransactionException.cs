namespace Saga.Orchestrator.Persistence;

/// <summary>The transaction that a transition shared with others failed. Alone it may succeed.</summary>
internal sealed class SharedTransactionException(Exception cause) : Exception($"A shared transaction failed: {cause.Message}", cause);
