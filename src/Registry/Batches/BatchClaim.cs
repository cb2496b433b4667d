namespace Saga.Registry.Batches;

/// <summary>The right to work on a batch. It ends by itself, so that a batch outlives its runner.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Token">Which runner has it.</param>
/// <param name="OperationEnded">Whether the operation that stands for the batch has ended.</param>
/// <param name="Allowed">How many items may begin now by its rate.</param>
/// <param name="Now">When it was taken, by the registry's clock.</param>
public sealed record BatchClaim(Batch Batch, Guid Token, bool OperationEnded, int Allowed, DateTimeOffset Now);
