using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;

namespace Saga.Bench.Micro;

/// <summary>Serializes and deserializes a step's message.</summary>
[MemoryDiagnoser]
public class StepMessageJson
{
    private readonly ExecuteStep message = new()
    {
        OperationId = Guid.CreateVersion7(),
        TenantId = new TenantId(Guid.CreateVersion7()),
        Step = StepNames.Database,
        Fence = 7,
        Attempt = 1,
        Deadline = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero),
    };

    private readonly byte[] body;

    public StepMessageJson() => body = Write();

    [Benchmark]
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(message, Json.Options);

    [Benchmark]
    public ExecuteStep? Read() => JsonSerializer.Deserialize<ExecuteStep>(body, Json.Options);
}
