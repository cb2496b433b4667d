using Saga.Registry.Placements;

namespace Saga.Workers.Database.Replicas;

/// <summary>The names of a placement's read-only login. There are two, so that a rotation never touches the login that is in use.</summary>
internal static class ReplicaLogin
{
    /// <summary>A regular expression for both names.</summary>
    public const string Names = "^t_[0-9a-f]{32}_rb?$";

    /// <summary>The setting that every such login has.</summary>
    public const string ReadOnly = "default_transaction_read_only=on";

    public static IReadOnlyList<string> Both(TenantPlacement placement) => [First(placement), First(placement) + "b"];

    /// <summary>The name of a placement's first one.</summary>
    public static string First(TenantPlacement placement) => $"t_{placement.Id:n}_r";

    /// <summary>The name whose turn comes after this one.</summary>
    public static string Other(string name) => name.EndsWith("_rb", StringComparison.Ordinal) ? name[..^1] : name + "b";
}
