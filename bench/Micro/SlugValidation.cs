using BenchmarkDotNet.Attributes;
using Saga.Contracts.Identifiers;

namespace Saga.Bench.Micro;

[MemoryDiagnoser]
public class SlugValidation
{
    [Params("acme", "a-name-of-forty-characters-exactly-12345", "Not-A-Slug")]
    public string Text { get; set; } = "";

    [Benchmark]
    public bool Check() => Slug.TryParse(Text, out _);
}
