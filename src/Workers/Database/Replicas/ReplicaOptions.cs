using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Database.Replicas;

/// <summary>How long steps wait for read replicas. Section <c>Saga:Databases</c>.</summary>
public sealed class ReplicaOptions
{
    public const string Section = "Saga:Databases";
    public const int DefaultReplicaWaitSeconds = 20;

    /// <summary>Seconds that a step waits until a replica has replayed what was changed on its server. Then the step is deferred.</summary>
    [Range(1, 30, ErrorMessage = "Saga:Databases:ReplicaWaitSeconds must be 1 to 30.")]
    public int ReplicaWaitSeconds { get; set; } = DefaultReplicaWaitSeconds;
}
