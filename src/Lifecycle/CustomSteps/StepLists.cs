using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>Compares lists of custom steps by what is stored of them.</summary>
internal static class StepLists
{
    public static bool Same(IReadOnlyList<CustomStep> one, IReadOnlyList<CustomStep> other) => Digest(one) == Digest(other);

    public static string Digest(IReadOnlyList<CustomStep> steps) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(steps, Json.Options)));
}
