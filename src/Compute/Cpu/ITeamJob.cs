namespace Minka.Compute.Cpu;

/// <summary>Work that all members of a <see cref="ThreadTeam"/> do together.</summary>
public interface ITeamJob
{
    /// <summary>Does this member's part. Members run at the same time on the same job.</summary>
    /// <param name="member">Who is running, from 0; 0 is the thread that called <c>ThreadTeam.Run</c>.</param>
    /// <param name="size">Members of the team.</param>
    void Run(int member, int size);
}
