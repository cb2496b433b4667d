namespace Saga.Tenancy.Sealing;

/// <summary>A user name and its secret. <see cref="ToString"/> omits the secret.</summary>
public sealed record Credential(string Username, string Password)
{
    public override string ToString() => $"Credential {{ Username = {Username} }}";
}
