namespace Saga.Bench.Burst;

/// <summary>One burst to be measured.</summary>
/// <param name="Name">As the table names it.</param>
/// <param name="Tenants">How many are posted at once.</param>
/// <param name="Room">How many of them the server takes; all when null.</param>
internal sealed record BurstRun(string Name, int Tenants, int? Room = null)
{
    /// <summary>Begins the slugs of its tenants.</summary>
    public string Prefix { get; } = $"b{Guid.NewGuid().ToString("n")[..8]}";

    /// <summary>How many are to be active in the end.</summary>
    public int Expected => Math.Min(Tenants, Room ?? Tenants);
}
