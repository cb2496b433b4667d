using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using Saga.Orchestrator.Machine;

namespace Saga.Orchestrator.Persistence;

/// <summary>Gives the loaded instance to the state machine. The intake creates operations, and they are never deleted here.</summary>
internal sealed class OperationRepositoryContext<T>(ConsumeContext<T> context, OperationSaga? saga)
    : ConsumeContextScope<T>(context), SagaRepositoryContext<OperationSaga, T>
    where T : class
{
    public Task<SagaConsumeContext<OperationSaga, T>?> Load(Guid correlationId) =>
        Task.FromResult<SagaConsumeContext<OperationSaga, T>?>(saga is null ? null : new DefaultSagaConsumeContext<OperationSaga, T>(this, saga));

    public Task Save(SagaConsumeContext<OperationSaga> context) => Task.CompletedTask;

    public Task Update(SagaConsumeContext<OperationSaga> context) => Task.CompletedTask;

    public Task Undo(SagaConsumeContext<OperationSaga> context) => Task.CompletedTask;

    public Task<SagaConsumeContext<OperationSaga, T>> Add(OperationSaga instance) => throw NotMadeHere();

    public Task<SagaConsumeContext<OperationSaga, T>> Insert(OperationSaga instance) => throw NotMadeHere();

    public Task Delete(SagaConsumeContext<OperationSaga> context) => throw NotMadeHere();

    public Task Discard(SagaConsumeContext<OperationSaga> context) => throw NotMadeHere();

    public Task<SagaConsumeContext<OperationSaga, TMessage>> CreateSagaConsumeContext<TMessage>(
        ConsumeContext<TMessage> consumeContext, OperationSaga instance, SagaConsumeContextMode mode)
        where TMessage : class =>
        Task.FromResult<SagaConsumeContext<OperationSaga, TMessage>>(new DefaultSagaConsumeContext<OperationSaga, TMessage>(consumeContext, instance));

    private static NotSupportedException NotMadeHere() => new("The intake creates operations, and they are never deleted here.");
}
