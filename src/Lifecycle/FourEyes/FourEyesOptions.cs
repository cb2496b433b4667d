namespace Saga.Lifecycle.FourEyes;

/// <summary>Commands that a second person must approve. Section <c>Saga:FourEyes</c>.</summary>
public sealed class FourEyesOptions
{
    public const string Section = "Saga:FourEyes";

    /// <summary>Kinds of commands.</summary>
    public IList<string> Commands { get; } = [];

    /// <summary>Batches with more items than this; null for none.</summary>
    public int? BulkOver { get; set; }

    /// <summary>How long a command waits for its approval.</summary>
    public int ApproveWithinHours { get; set; } = 72;
}
