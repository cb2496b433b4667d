namespace Saga.Workers.Database.Preparation;

/// <summary>How to prepare the database servers of <c>Saga:Databases:Servers</c>. Section <c>Saga:Prepare</c>; only the command reads it.</summary>
public sealed class PrepareOptions
{
    public const string Section = "Saga:Prepare";

    /// <summary>The superuser. The addresses are those of the servers.</summary>
    public string Username { get; set; } = "postgres";

    public string Password { get; set; } = "";

    /// <summary>Prepares only the server with this name.</summary>
    public string? Server { get; set; }

    /// <summary>Prints the statements instead, and connects to nothing.</summary>
    public bool Print { get; set; }
}
