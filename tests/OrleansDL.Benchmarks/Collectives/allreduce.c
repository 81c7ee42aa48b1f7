/* The limit of collectives.allreduce: OpenMPI's all-reduce of floats. Arguments: floats, repetitions. Prints the processor seconds of all ranks. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments)
{
    int floats = atoi(arguments[1]), repetitions = atoi(arguments[2]), rank;
    MPI_Init(&count, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    float *values = malloc(sizeof(float) * (size_t)floats);
    for (int place = 0; place < floats; place++)
    {
        values[place] = (float)rank;
    }

    double begun = 0;
    for (int turn = -60; turn < repetitions; turn++)
    {
        if (turn == 0)
        {
            begun = processor_seconds();
        }

        MPI_Allreduce(MPI_IN_PLACE, values, floats, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    }

    double mine = processor_seconds() - begun, all = 0;
    MPI_Reduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
    {
        printf("ready %.6f\n", all);
    }

    MPI_Finalize();
    return 0;
}
