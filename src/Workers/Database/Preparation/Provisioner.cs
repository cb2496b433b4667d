namespace Saga.Workers.Database.Preparation;

/// <summary>The login of workers on a database server.</summary>
/// <param name="Name">The role.</param>
/// <param name="Password">Its password; null leaves the password as it is.</param>
public sealed record Provisioner(string Name, string? Password)
{
    public const string DefaultName = "saga_provisioner";
}
