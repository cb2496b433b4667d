namespace Saga.Tenancy.Sealing;

/// <summary>A name and its secret; the secret is left out of the text.</summary>
public sealed record Credential(string Username, string Password)
{
    public override string ToString() => $"Credential {{ Username = {Username} }}";
}
